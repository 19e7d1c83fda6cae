#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lint.py TOOL FOLDER: cppcheck or clang-tidy over the C files that a meson folder compiles, in parallel.
(clang-tidy: those of src. What a tool wrote into the folder is not looked at.)

A file that was clean is looked at again only when its preprocessed text, the tool or its settings changed
(marks in FOLDER/lint); findings are printed, and the last line counts files.
"""
import concurrent.futures, hashlib, json, os, pathlib, shlex, subprocess, sys

TOOL, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
ROOT = pathlib.Path.cwd()
SHOWN = 60
CPPCHECK = ["cppcheck", "--enable=warning,portability", "--inline-suppr", "--error-exitcode=2", "--quiet",
            "--std=c11", "--language=c", "--template={file}:{line}: {id}: {message}", "--max-ctu-depth=0",
            "--suppressions-list=tools/cppcheck.txt", "-Isrc", "-Itests", "-D__GNUC__=12", "-DKONTOR_VERSION=\"x\"",
            "-D__x86_64__", "-D_GNU_SOURCE"]
TIDY = ["clang-tidy", "--quiet", "--warnings-as-errors=*", "-p", str(FOLDER)]


def settings():
    text = pathlib.Path(__file__).read_bytes()
    for name in (".clang-tidy", "tools/cppcheck.txt"):
        text += pathlib.Path(name).read_bytes()
    return text + subprocess.run([TOOL, "--version"], capture_output=True, check=True).stdout


def fingerprint(entry, salt):
    """Hash of the preprocessed file, or None when the preprocessor fails (then the tool will tell)."""
    args = shlex.split(entry["command"]) if "command" in entry else list(entry["arguments"])
    keep, skip = [], False
    for a in args:
        if skip:
            skip = False
        elif a in ("-o", "-MF", "-MQ"):
            skip = True
        elif a not in ("-c", "-MD"):
            keep.append(a)
    r = subprocess.run(keep + ["-E"], cwd=entry["directory"], capture_output=True)
    return hashlib.sha256(salt + r.stdout).hexdigest() if r.returncode == 0 else None


def check(entry, salt):
    """None when clean, else the findings."""
    file = pathlib.Path(entry["directory"], entry["file"]).resolve().relative_to(ROOT)
    mark = FOLDER / "lint" / (TOOL + "-" + str(file).replace("/", "-"))
    print_ = fingerprint(entry, salt)
    if print_ and mark.exists() and mark.read_text() == print_:
        return None
    r = subprocess.run((CPPCHECK if TOOL == "cppcheck" else TIDY) + [str(file)], capture_output=True, text=True)
    if r.returncode == 0:
        if print_:
            mark.write_text(print_)
        return None
    return (r.stdout + r.stderr).strip() or f"{file}: {TOOL} ended with {r.returncode}"


def main():
    seen, commands = {}, FOLDER / "compile_commands.json"
    if not commands.exists():
        sys.exit(f"{commands} is not there: the build did not get that far")
    for e in json.loads(commands.read_text()):
        path = pathlib.Path(e["directory"], e["file"]).resolve()
        wanted = ROOT / "src" if TOOL == "clang-tidy" else ROOT  # the analyzer is slow: not for tests
        if path.suffix == ".c" and wanted in path.parents and FOLDER.resolve() not in path.parents:
            seen[path] = e
    (FOLDER / "lint").mkdir(exist_ok=True)
    salt = settings()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda e: check(e, salt), seen.values()))
    bad = [r for r in results if r]
    for r in bad:  # the analyzer's path to a finding can be a thousand lines
        lines = r.splitlines()
        print("\n".join(lines[:SHOWN] + ["..."] * (len(lines) > SHOWN)))
    print(f"{TOOL}: {len(results) - len(bad)} passed, {len(bad)} failed")
    sys.exit(bool(bad) or not results)


main()
