#!/bin/sh
# Compiles service.scss and copies the one script of GOV.UK Frontend into ../static.
# Needs Node.js and npm; the results are committed, so running the service needs neither.
set -eu
cd "$(dirname "$0")"
npm install --ignore-scripts --no-audit --no-fund --silent
npx sass --no-source-map --style=compressed --load-path=node_modules --quiet-deps \
  service.scss ../static/service.css
# No images and no fonts: the crown and GDS Transport belong to GOV.UK alone.
sed '/^\/\/# sourceMappingURL/d' node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.js \
  > ../static/govuk-frontend.min.js
