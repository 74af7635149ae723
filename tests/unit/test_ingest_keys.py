from __future__ import annotations

import stat

import pytest

from tre.ingest import keys
from tre.ingest.errors import KeyRefused


def test_a_key_is_made_once_and_then_found(tmp_path):
    path = tmp_path / "secrets" / "store.key"
    key = keys.load_or_create(path, store_root=tmp_path / "store")
    assert len(key) == 32
    assert keys.load_or_create(path, store_root=tmp_path / "store") == key
    assert keys.load(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["store.key"]


def test_two_stores_have_two_keys(tmp_path):
    made = {keys.load_or_create(tmp_path / n, store_root=tmp_path / "s") for n in ("a", "b")}
    assert len(made) == 2


def test_the_key_never_lies_in_the_store(tmp_path):
    with pytest.raises(KeyRefused):
        keys.load_or_create(tmp_path / "store" / "key", store_root=tmp_path / "store")
    (tmp_path / "link").symlink_to(tmp_path / "store")
    with pytest.raises(KeyRefused):
        keys.load_or_create(tmp_path / "link" / "key", store_root=tmp_path / "store")
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("text", ["", "ab", "zz" * 32, "ab" * 33, "ab" * 31])
def test_a_malformed_key_is_refused_and_kept(tmp_path, text):
    path = tmp_path / "key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(KeyRefused):
        keys.load_or_create(path, store_root=tmp_path / "store")
    assert path.read_text() == text


def test_a_key_that_others_can_read_is_refused(tmp_path):
    path = tmp_path / "key"
    keys.load_or_create(path, store_root=tmp_path / "store")
    path.chmod(0o640)
    with pytest.raises(KeyRefused) as refused:
        keys.load(path)
    assert "0600" in refused.value.faults[0]


def test_a_link_to_a_key_and_an_absent_key_are_refused(tmp_path):
    keys.load_or_create(tmp_path / "key", store_root=tmp_path / "store")
    (tmp_path / "link").symlink_to(tmp_path / "key")
    for name in ("link", "absent"):
        with pytest.raises(KeyRefused):
            keys.load(tmp_path / name)


def test_secrets_of_different_purposes_differ_from_each_other_and_from_the_key():
    key = bytes(range(32))
    made = {keys.derived(key, purpose=purpose) for purpose in ("versions", "pseudonyms")}
    assert len({key, *made}) == 3
