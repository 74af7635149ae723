"""Why may a question be refused? Every stable code with the sentence that helps.

Codes are part of the contract with clients: they are added, never renamed. The sentences are
filled with words from the question and the catalogue only, so no refusal depends on data.
"""

from __future__ import annotations

from types import MappingProxyType

_TEXT = {  # the text as a whole, before any of it has a meaning
    "empty": "There is no question here. Start with SELECT, or with WITH for a feature.",
    "too_long": "The text is longer than {most} characters. Declare a recode, or ask less at once.",
    "too_deep": "Brackets or NOTs are nested more than {most} deep. Write the condition flatter.",
    "too_complex": "The text has more than {most} words and symbols. Ask less at once.",
    "not_text": "The question must be text.",
    "not_ascii_name": "{name} is not a name here. Names are plain letters, digits and _.",
    "syntax": "This is not understood here. Check commas, brackets and the word before it.",
    "brackets": "This bracket has no partner.",
    "several_statements": "Only one question at a time: remove what follows the semicolon.",
    "not_a_question": "A question starts with SELECT, or with WITH … AS (SELECT …) for features.",
    "hint": "Optimiser hints are not part of the language. Remove the comment that starts with +.",
    "symbol_not_allowed": "The symbol {symbol} is not part of the language.",
    "word_not_allowed": "The word {word} is not part of the language. "
    "If it is a name, write it in double quotes.",
    "literal_not_allowed": "Write text in single quotes, numbers as 12.5 and dates as "
    "DATE '2020-01-31'.",
    "number_format": "{text} is not a plain number. Write 1200 or 12.5.",
    "date_format": "{text} is not a date. Write DATE '2020-01-31'.",
}

_CLAUSES = {  # SQL that the language leaves out, and what to write instead
    "order_by": "ORDER BY is not part of the language: a table comes in the declared order of "
    "its codes, and can be sorted after release.",
    "having": "HAVING is not part of the language: it would let counts decide what is shown. "
    "Small cells are hidden by the dataset's policy.",
    "limit": "LIMIT, OFFSET, FETCH and TOP are not part of the language: every declared key is "
    "in the table.",
    "set_operation": "UNION, INTERSECT and EXCEPT are not part of the language. Ask two questions.",
    "window": "OVER and window functions are not part of the language: they look at other units' "
    "rows. A feature (WITH … GROUP BY the unit) looks at one unit's rows.",
    "subquery": "A subquery is not part of the language. Put a value per unit in a feature: "
    "WITH f AS (SELECT {unit}, max(x) AS most FROM t GROUP BY {unit}).",
    "select_star": "SELECT * is not part of the language: single rows never leave. Name the "
    "dimensions and an aggregate, such as count(*).",
    "select_distinct": "DISTINCT is only for count(distinct {unit}). A GROUP BY already shows each "
    "key once.",
    "qualify": "QUALIFY is not part of the language: it looks at other units' rows.",
    "sample": "Sampling is not part of the language.",
    "values": "VALUES and table functions are not part of the language: only declared tables may "
    "be asked.",
    "case_when": "CASE and IF are not part of the language. Use band(number, 10, 20), "
    "recode(column, 'name') or a filter.",
    "cast": "Casts are not part of the language: a column has its declared type.",
    "arithmetic": "Arithmetic is not part of the language. A column is used as it is declared.",
    "like": "LIKE and patterns are not part of the language. Use IN ('a', 'b') or a recode.",
    "statement": "Only questions may be asked here: {word} is not part of the language.",
    "function": "The function {name} is not part of the language. There are count, sum, avg, "
    "variance, stddev, median, quantile, nonnegative_sum, ratio, slope, log_odds, band and "
    "recode; in a feature also min, max, arg_min and arg_max.",
    "parameter": "Placeholders and parameters are not part of the language. Write the value.",
    "pivot": "PIVOT and UNPIVOT are not part of the language.",
    "grouping_sets": "ROLLUP and GROUP BY ALL are not part of the language. Name each dimension; "
    "GROUP BY CUBE (a, b), around all of them, asks for every total too, and GROUP BY GROUPING "
    "SETS ((a), (b)) for the tables by these alone.",
    "ordinal": "Write the dimension itself in GROUP BY, not its position.",
    "filter_clause": "FILTER after an aggregate is not part of the language. Put the condition in "
    "WHERE, or in the WHERE of a feature.",
    "recursive": "WITH RECURSIVE and MATERIALIZED are not part of the language.",
    "clause": "This part of the statement is not in the language.",
    "expression": "This expression is not in the language. A condition compares one column or "
    "feature with constants.",
    "from_first": "Start with SELECT: FROM comes after the dimensions and aggregates.",
    "qualified_name": "Write a name as column or table.column.",
}

_SHAPE = {  # how SELECT, GROUP BY, joins and features must fit together
    "no_source": "Say which table is asked: FROM one of {known}.",
    "no_measure": "Ask for at least one aggregate: count(*), count(distinct {unit}), sum(x), "
    "avg(x), median(x) or stddev(x).",
    "not_grouped": "{name} is selected but not in GROUP BY. Add it there.",
    "not_selected": "{name} is in GROUP BY but not selected. Select it, so that it is shown.",
    "comma_join": "List one table after FROM and link others by JOIN … ON or USING.",
    "join_kind": "Only JOIN and LEFT JOIN are part of the language.",
    "join_condition": "Link on one pair of declared columns: ON a.x = b.y or USING (x).",
    "join_not_declared": "The catalogue declares no link of {left} to {right} on these columns. "
    "Declared: {known}.",
    "table_twice": "{name} is already in the question. A table may be linked once, and never to "
    "itself.",
    "feature_join": "Link the feature {name} by LEFT JOIN {name} ON {name}.{theirs} = "
    "{source}.{ours}: units without rows stay in.",
    "feature_not_joined": "The feature {name} is not linked. Add LEFT JOIN {name} ON "
    "{name}.{theirs} = {source}.{ours}.",
    "feature_shape": "A feature is SELECT {unit}, one or more aggregates AS name FROM one table "
    "[WHERE …] GROUP BY {unit}: one value per unit.",
    "feature_alias": "Name this aggregate of the feature: … AS some_name.",
    "feature_first": "Select the unit of privacy first in a feature, by its plain name: {unit}.",
    "no_aggregate_here": "An aggregate may stand in SELECT only.",
    "ambiguous_name": "{name} could be a column of {tables}. Write table.{name}.",
    "count_column": "count takes * or distinct {unit}. To count rows with a value, add WHERE "
    "{name} IS NOT NULL.",
    "count_distinct": "Only units may be counted distinctly: count(distinct {unit}).",
    "aggregate_argument": "{name} takes one column or feature.",
    "band_shape": "Write band(column, 10, 20, 30) with at least one cut point.",
    "regression_shape": "Write slope(y, x) or log_odds(y, x) with two columns or features, the "
    "second of which explains the first; slope(y, x, z) adjusts for a third, and so on.",
    "left_out_shape": "Write left_out(*) for the rows that are counted, or "
    "left_out(distinct {unit}).",
    "ratio_shape": "Write ratio(x, y) with two columns or features: the sum of x by the sum of y.",
    "recode_shape": "Write recode(column, 'name of a declared recode').",
    "duplicate_alias": "The name {name} is used twice.",
    "alias_is_table": "{name} is the name of a declared table. Choose another name.",
    "compare_two_columns": "Compare a column with a constant; two columns cannot be compared.",
    "value_expected": "Write a constant here: a number, text in single quotes, DATE '2020-01-31', "
    "TRUE or FALSE.",
    "null_compare": "Nothing equals NULL. Write IS NULL or IS NOT NULL.",
    "truth_expected": "Only a yes-or-no feature may stand alone as a condition. Compare with a "
    "constant.",
}

_FORM = {  # the JSON form
    "json_type": "This must be {expected}.",
    "json_unknown_key": "The key {name} is not part of the form. Known here: {known}.",
    "json_missing_key": "The key {name} is missing.",
    "json_choice": "{given} is not one of {known}.",
    "json_number": '{given} is not a plain number. Write it as a number or as text such as "12.5".',
}

_NAMES = {  # what the catalogue does not declare
    "unknown_dataset": "This form is for the dataset {known}, not for {name}.",
    "unknown_table": "There is no table {name}.{hint} Declared: {known}.",
    "unknown_column": "There is no column {name} in {table}.{hint}",
    "unknown_name": "There is no column or feature {name} here.{hint}",
    "unknown_link": "There is no link {name}.{hint} Declared: {known}.",
    "unknown_recode": "There is no recode {name} of {column}.{hint} Declared: {known}.",
    "unknown_feature": "There is no feature {name} in this question.{hint}",
    "unknown_code": "{name} is not a code of {column}.{hint}",
    "bad_name": "{name} is not a name: use up to {most} small letters, digits and _, starting with "
    "a letter.",
}

_MEANING = {  # well-formed questions that may not be answered
    "public_source": "{name} is a public look-up table: nothing in it is counted. Ask a table of "
    "{units} and link it.",
    "link_unreachable": "The link {name} starts at {left}, which this question does not contain. "
    "Link {left} first.",
    "table_not_linked": "{table} is not linked in this question. Add a join to it.",
    "unit_column": "{name} is the unit of privacy. It may be counted by count(distinct {name}) and "
    "used for nothing else.",
    "key_column": "{name} is the key of a public look-up table. Use the column that refers to it.",
    "public_measure": "{name} is in a public look-up table and cannot be added or averaged. Use it "
    "as a dimension or in a filter.",
    "public_feature": "{table} is a public look-up table: it has no rows of a unit to compute a "
    "feature from.",
    "needs_number": "{what} needs a number; {name} is {type}.",
    "needs_value_column": "{what} needs a column.",
    "needs_no_column": "{what} takes no column.",
    "needs_date": "{what} needs a date column to order by; {name} is {type}.",
    "needs_order": "{what} needs a date column to order by.",
    "needs_no_order": "{what} takes no column to order by.",
    "needs_bounds": "{name} has no declared bounds, so it cannot be added or averaged.",
    "measure_without_ref": "{what} needs a column or feature.",
    "measure_with_ref": "{what} takes no column or feature.",
    "min_of_code": "{what} of codes has no meaning; {name} is {type}. Use first or last by date.",
    "needs_bands": "{name} is {type}: give cut points, such as band({name}, {example}).",
    "bands_not_numeric": "Only numbers and dates have bands; {name} is {type}.",
    "bands_and_recode": "A dimension has bands or a recode, not both.",
    "bands_not_rising": "Cut points must rise, each used once.",
    "bands_outside": "The cut point {value} is outside the bounds of {name}: {lower} to {upper}.",
    "wrong_type": "{name} is {type}; {value} is not. Write {example}.",
    "too_fine": "{name} is declared with {decimals} decimals; {value} has more.",
    "too_large": "{value} is too large a number.",
    "order_of_codes": "Codes have no order. Use =, <>, IN or IS NULL for {name}.",
    "order_of_truth": "A yes-or-no feature is compared by = TRUE or = FALSE.",
    "empty_list": "A list needs at least one entry.",
    "empty_range": "{low} is above {high}: nothing lies between them.",
    "feature_in_feature": "A feature looks at rows of one table; it cannot use another feature.",
    "other_table_in_feature": "A feature looks at the rows of {table} only; {name} is elsewhere.",
    "duplicate_measure": "This measure is asked twice.",
    "duplicate_dimension": "This dimension is asked twice.",
    "duplicate_feature": "The feature name {name} is used twice.",
    "too_many_features": "{count} features; at most {most} fit in one question.",
    "too_many_dimensions": "{count} dimensions; at most {most} fit in one question.",
    "too_many_measures": "{count} measures; at most {most} fit in one question.",
    "too_many_joins": "{count} links; at most {most} fit in one question.",
    "too_many_conditions": "{count} conditions; at most {most} fit in one question.",
    "too_many_values": "{count} values in lists and cut points; at most {most} are allowed.",
    "too_many_cells": "The table would have {count} cells; the policy allows {most}. Use fewer "
    "dimensions, wider bands or a recode.",
    "text_compared": "Which values {name} has is not public, so it is compared with none: use it "
    "as a dimension, or ask where it is missing.",
    "text_in_feature": "{name} is a text of unknown values: it may be a dimension, and nothing "
    "else.",
    "text_not_told": "The policy of this dataset tells no keys that nobody declared: {name} cannot "
    "be a dimension.",
    "texts_twice": "{name} and {other} both have unknown values: one of them can be a dimension.",
    "text_margins": "A table by {name}, whose values are not public, has no totals. Ask for them "
    "in a table of their own.",
    "margins_noisy": "The policy of this dataset has no Gaussian noise, of which noisy totals and "
    "subtotals are made. Ask for the table with fewer dimensions.",
    "margins_binned": "{what} has no noisy totals. Ask for it in a table without totals.",
    "margins_cut": "Sums that are not shown below zero do not add up. Ask for plain sums, or for "
    "a table without totals.",
    "margins_units": "{units} can be in several cells of this table, so that noisy totals would "
    "count them more than once. Ask for records, or without totals.",
    "margins_of_nothing": "A table with totals needs a dimension.",
    "sets_without_margins": "Only a table with totals has grouping_sets: add margins.",
    "sets_exact": "An exact table is asked with all of its totals (CUBE), or without any. Ask for "
    "each of these tables by itself.",
    "sets_unknown": "There is no dimension {position}: positions start at 0.",
    "sets_twice": "This set names a dimension twice.",
    "sets_again": "This set of dimensions is asked twice.",
    "sets_without": "No set has {name}. Leave it out of the question, or put it into a set.",
    "sets_alone": "This is one table by all dimensions. Ask for it without sets.",
    "margins_too_many": "With its totals and subtotals this would be {count} tables at once; at "
    "most {most}. Use fewer dimensions.",
    "margins_twice": "{name} and {other} say something about each other by what they mean, so "
    "that everybody knows some cells of this table to be empty. A table with totals cannot have "
    "both as dimensions.",
    "margins_again": "{name} stands in two dimensions, so that everybody knows some cells of this "
    "table to be empty. A table with totals has it in one; a recode may have subtotals.",
    "margins_told": "The rows of {table} say by themselves which values of {name} can occur. In a "
    "table with totals it cannot be a dimension; a recode of a column of the counted rows can.",
    "margins_foregone": "The condition within {name} could rule some of its values out. In a "
    "table with totals each of its conditions looks at one column, with a value that meets it, and "
    "none at the column that {name} is computed from.",
    "margins_filtered": "The condition on {other} says something about {name}, so that everybody "
    "knows some cells of this table to be empty. Ask for a table with totals without that "
    "condition, or without totals.",
    "no_cell_left_out": "No {unit} is in more cells of this table than are counted, so that bounds "
    "leave nothing out.",
    "nothing_left_out": "No {unit} has more rows than are counted here, so that bounds leave "
    "nothing out.",
    "noisy_only": "Variances, standard deviations, quantiles, ratios and regressions are asked of "
    "noisy tables only: of an exact table, ask for means or sums.",
    "exact_proportion": "Proportions are asked of noisy tables only: of an exact table, ask for "
    "numbers by {name}.",
    "needs_level": "quantile needs a level: a number above 0 and below 1 with at most {most} "
    "decimals, such as 0.25. The median has the level 0.5.",
    "needs_divisor": "ratio needs a second number to divide by, other than the first.",
    "needs_no_divisor": "{what} takes no second number.",
    "sum_below_zero": "{name} is declared from {lower} on, so that its sum may be below 0. Ask for "
    "the sum.",
    "divisor_below_zero": "{name} is declared from {lower} on: what divides must not be below 0.",
    "needs_no_level": "{what} takes no level.",
    "needs_no_adjusters": "{what} is not adjusted for other numbers.",
    "needs_explanation": "{what} needs a second number that explains the first, and each of its "
    "numbers once.",
    "needs_truth": "{what} is of a yes-or-no feature; {name} is something else.",
    "too_many_adjusters": "{what} is adjusted for at most {most} other numbers.",
    "dependent_rows": "{what} takes rows to be independent of each other. Ask for it where each "
    "{unit} has one row; features sum up the rows of other tables.",
    "too_many_patterns": "With {count} cells the table leaves no room for log_odds; at most {most} "
    "do. Use fewer dimensions, wider bands or a recode.",
    "too_fine_bins": "With {count} cells the table leaves no room for quantiles; at most {most} "
    "do. Use fewer dimensions, wider bands or a recode.",
    "counts_only": "Every count of this dataset is {how} before it is shown. Sums and means cannot "
    "be: ask for numbers of records or units.",
    "magnitude": "Sums over {name} could exceed what can be added exactly. Use a coarser measure.",
}

SENTENCES = MappingProxyType(
    {**_TEXT, **_CLAUSES, **_SHAPE, **_FORM, **_NAMES, **_MEANING},
)
"""Stable code -> sentence with places for words."""
