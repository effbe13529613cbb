#!/usr/bin/env python3
"""Writes the seeds of fuzz_session: make_session_corpus.py [FOLDER]. Digests are in the way of
writing them by hand. What the four bytes in front mean stands in fuzz_session.cpp, which names fail
in session_store.hpp."""
import errno
import hashlib
import json
import pathlib
import struct
import sys

XXH3 = {  # Python has none of its own
    b"picture": "f10ee37f782f1832f8dc3484579cfb8d",
    b"pic": "24260b6d778f27afd3105d788cb015c8",
    b"a file": "8ff4991406dfc4a0cb3e4f1e0f255066",
    b"a f": "aba071e619d14ff3ad68e2ab23247752",
}


def frame(payload=b"", **fields):
    header = json.dumps({"data_length": len(payload), **fields}, ensure_ascii=False).encode()
    return struct.pack("<i", len(header)) + header + payload


def v1(command, payload=b"", salt="salt", **fields):
    text = str(payload) + ("None" if salt is None else salt)
    fields = {"encrypted": hashlib.md5(text.encode()).hexdigest(), "salt": salt, **fields}
    return frame(payload, command=command, **fields)


def v2(command, payload=b"", id=1, **fields):
    return frame(payload, command=command, version=2, id=id, **fields)


def xxh3(payload):
    return "xxh3-128:" + XXH3[payload]


def sha(payload):
    return "sha-256:" + hashlib.sha256(payload).hexdigest()


NAMED = {"file_type": "file", "file_name": "b"}
PICTURE = {"file_type": "img", "file_name": "a.png"}
LARGE = {"file_type": "video", "file_name": "large"}
STOP, CLOSING_OVER, TIME_OVER, SILENCE, HANG_UP = range(1, 6)
NO_ROOM, LATE, SMALL, LITTLE, NO_LIST = 3, 4, 8, 16, 96
PART = v2("put", b"a f", more=True, **NAMED)
RESUME = {"offset": 3, "prefix_digest": xxh3(b"a f"), **NAMED}
# Its pieces of five bytes end where it ends.
IN_FIVES = next(f for f in (v2("hello", client="c" * n) for n in range(5)) if len(f) % 5 == 0)


def failing(what, *names):
    """One request after the other for files whose names let it fail."""
    return b"".join(what(name) for name in names)


def put_named(name):
    return v2("put", b"a file", file_type="file", file_name=name)


# name: (pieces, event, when, circumstances), words
SEEDS = {
    "nothing": ((0, 0, 0, 0), b""),
    "v1_list": ((1, 0, 0, 0), b"".join(v1("show_file_name_list", file_type=t) for t in ("img", "video", "text"))),
    "v1_list_fails": ((4, 0, 0, NO_LIST), v1("show_file_name_list", file_type="img") + v2("list", file_type="img")),
    "v1_download": ((4, 0, 0, 0), v1("download_file", b"a.png", **PICTURE) * 2),
    "v1_download_large": ((4, 0, 0, SMALL), v1("download_file", b"large", **LARGE)),
    "v1_download_refused": ((4, 0, 0, 0), v1("download_file", b"c", file_name="c") + v1("download_file", b"shrunk", file_name="shrunk") + v1("download_file", file_name="open:busy")),
    "v1_upload": ((3, 0, 0, 0), v1("upload", b"a file", salt=None, **NAMED) + v1("show_file_name_list", file_type="file")),
    "v1_upload_long": ((5, 0, 0, 0), v1("upload", b"0123456789abcdef" * 600, **NAMED)),
    "v1_upload_cut": ((5, 0, 0, 0), v1("upload", b"a file", **NAMED)[:-2]),
    "v1_upload_damaged": ((5, 0, 0, 0), v1("upload", b"a file", **NAMED)[:-1] + b"x" + v1("show_file_name_list", b"x")[:-1] + b"y"),
    "v1_upload_refused": ((5, 0, 0, 0), b"".join(v1("upload", b"a file", file_name=n) for n in ("..", "create:busy", "write:no-space", "commit:read-only"))),
    "v1_unknown": ((5, 0, 0, 0), v1("main", b"a") + frame(command="upload")),
    "v2_hello": ((2, 0, 0, 0), v2("hello", client="fuzz") + v2("main") + v2("data", id=2**53) + v2("data", id=2**53 - 1)),
    "v2_hello_little_room": ((5, 0, 0, LITTLE), v2("hello") + v2("put", b"a" * 61, **NAMED) + v2("put", b"a" * 61, more=True, **NAMED) + v2("data")),
    "v2_list": ((5, 0, 0, 0), v2("list", file_type="img", digest="sha-256") + v2("list", file_type="video", limit=1, after="a", digest="xxh3-128")),
    "v2_stat": ((5, 0, 0, 0), v2("stat", digest="sha-256", **PICTURE) + v2("stat", **NAMED) + failing(lambda n: v2("stat", file_type="img", file_name=n), "stat:system", "partial:system")),
    "v2_system_errors": ((5, 0, 0, 0), failing(lambda n: v2("get", file_type="img", file_name=f"open:{n}"), errno.ENOENT, errno.ENOSPC, errno.EROFS, errno.EMFILE, errno.EFBIG, errno.ELOOP, errno.EIO)),
    "v2_digest_fails": ((5, 0, 0, 0), v2("put", b"a", file_type="img", file_name="digest:changed") + v2("stat", file_type="img", file_name="digest:changed", digest="xxh3-128") + v2("get", file_type="img", file_name="digest:changed") + v2("list", file_type="img", digest="xxh3-128")),
    "v2_get": ((5, 0, 0, 0), v2("get", **PICTURE) + v2("get", digest="sha-256", offset=3, prefix_digest=xxh3(b"pic"), **PICTURE) + v2("get", offset=3, prefix_digest=sha(b"pix"), **PICTURE) + v2("get", offset=8, prefix_digest=sha(b""), **PICTURE) + v2("get", **NAMED)),
    "v2_get_large": ((5, 0, 0, SMALL + LATE), v2("get", **LARGE) + v2("stat", digest="xxh3-128", **LARGE)),
    "v2_get_shrunk": ((5, 0, 0, 0), v2("get", file_type="file", file_name="shrunk")),
    "v2_get_shrunk_large": ((5, 0, 0, 0), v2("get", file_type="video", file_name="shrunk, large")),
    "v2_put": ((2, 0, 0, 0), v2("put", b"a file", size=6, digest=xxh3(b"a file"), **NAMED) + v2("put", b"a file", digest=sha(b"a file"), **NAMED) + v2("get", **NAMED)),
    "v2_put_frames": ((5, 0, 0, 0), PART + v2("data", b"ile", more=True) + v2("data", digest=xxh3(b"a file")) + v2("get", **NAMED)),
    "v2_put_damaged": ((5, 0, 0, 0), v2("put", b"a file", digest=xxh3(b"a f"), **NAMED) + v2("put", b"a", size=2, **NAMED) + PART + v2("data", b"ile", digest=sha(b"a file"))),
    "v2_put_refused": ((5, 0, 0, 0), failing(put_named, "..", "create:read-only", "write:no-space", "commit:system")),
    "v2_put_interrupted": ((5, 0, 0, 0), PART + v2("hello")),
    "v2_put_kept": ((5, TIME_OVER, 255, 0), PART + v2("data", b"i", more=True)),
    "v2_put_ends_early": ((5, 0, 0, 0), v2("put", b"a f", file_type="file", file_name="keep:no-space", more=True)),
    "v2_resume_refused": ((5, 0, 0, 0), v2("put", b"ile", **RESUME) + v2("put", b"ile", file_type="file", file_name="partial:system", offset=3, prefix_digest=xxh3(b"a f"))),
    "v2_changes": ((5, 0, 0, 0), v2("rename", to_name="b.png", **PICTURE) + v2("rename", file_type="img", file_name="b.png", to_type="video", to_name="large") + v2("rename", file_type="img", file_name="b.png", to_type="video", to_name="large", replace=True) + v2("remove", **LARGE) + v2("remove", **LARGE)),
    "v2_wrong_fields": ((5, 0, 0, 0), b"".join([frame(command="stat", version=2), v2("stat"), v2("list", file_type="text"), v2("list", file_type="img", limit=0), v2("list", file_type="img", digest="md5"), v2("get", offset="1", **PICTURE), v2("get", offset=1, **PICTURE), v2("put", more=1, **NAMED), v2("put", digest="xxh3-128:0", **NAMED), v2("put", size=1, offset=2, prefix_digest=xxh3(b"pic"), **NAMED), v2("rename", to_name=1, **PICTURE), v2("rename", to_type="text", to_name="b", **PICTURE), v2("get", prefix_digest="xxh3-128", **PICTURE)])),
    "no_frame": ((5, 0, 0, 0), b"\xff\xff\xff\xff"),
    "no_frame_after_v2": ((5, 0, 0, 0), v2("hello") + b"\x02\0\0\0[]"),
    "both_versions": ((0, 0, 0, 0), v1("hello") + v2("hello")),
    "no_room": ((5, 0, 0, NO_ROOM), v1("show_file_name_list")),
    "no_room_v2": ((5, 0, 0, NO_ROOM), v2("hello", id=7)),
    "stopped": ((3, STOP, 100, 0), v2("get", **PICTURE) * 3),
    "stopped_within": ((0, STOP, 250, 0), v2("get", **PICTURE)),
    "stopped_while_sending": ((1, STOP, 255, LATE + SMALL), IN_FIVES * 12),
    "closing_over": ((3, CLOSING_OVER, 200, LATE + SMALL), v2("get", **LARGE) + v2("hello")),
    "silent_caller": ((3, TIME_OVER, 128, 0), v1("show_file_name_list")),
    "silent": ((5, SILENCE, 255, LATE + SMALL), v2("get", **LARGE)),
    "silent_listener": ((5, TIME_OVER, 240, LATE + SMALL), v2("get", **LARGE) + v2("hello")),
    "silent_listener_of_many": ((5, TIME_OVER, 255, LATE + SMALL), v2("hello") * 20),
    "hung_up": ((3, HANG_UP, 255, LATE + SMALL), v2("get", **LARGE)),
    "hung_up_unheard": ((3, HANG_UP, 255, LATE), v1("show_file_name_list") * 2),
}

folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "corpus" / "session")
folder.mkdir(parents=True, exist_ok=True)
for name, (plan, words) in SEEDS.items():
    (folder / name).write_bytes(bytes(plan) + words)
