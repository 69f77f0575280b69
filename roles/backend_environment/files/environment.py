"""Seal and show a backend's environment. Runs in it, on the board: Python 3.6, standard library only.

``environment.json`` is the flag that the environment is complete: it is written last and its directory
is named by the lock.
"""

import argparse
import compileall
import concurrent.futures.process
import glob
import json
import os
import platform
import subprocess
import sys
import time

ENVIRONMENT = os.path.dirname(os.path.abspath(__file__))
FLAG = os.path.join(ENVIRONMENT, "environment.json")


def installed_packages():
    """Return {name: version} of every distribution in this environment.

    By hand: ``importlib.metadata`` is younger than Python 3.6, where ``pkg_resources`` is a package of its own.
    """
    found = {}
    for folder in reversed(sys.path):  # what comes first on the path is what is imported
        for pattern in ("*.dist-info/METADATA", "*.egg-info/PKG-INFO", "*.egg-info"):
            for path in glob.glob(os.path.join(folder, pattern)):
                if os.path.isfile(path):
                    name, version = name_and_version(path)
                    found[name.lower()] = version
    return found


def name_and_version(path):
    """Return what the head of a distribution's metadata file says."""
    with open(path, encoding="utf-8", errors="replace") as stream:
        head = stream.read().split("\n\n", 1)[0]
    fields = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line[:40])
    return fields.get("Name", os.path.basename(path)), fields.get("Version", "unknown")


def compile_packages():
    """Compile every package, as pip would with one core: what is compiled at an import would be measured with it."""
    for folder in glob.glob(os.path.join(ENVIRONMENT, "lib", "python3*", "site-packages")):
        for workers in (0, 1):  # one for each core; where memory is too short for that, one
            try:
                compileall.compile_dir(folder, quiet=2, workers=workers)
                break
            except concurrent.futures.process.BrokenProcessPool:
                continue


def refusal(runner, backend):
    """Let the runner use ``backend`` in this environment; return why it cannot, or None."""
    command = [
        sys.executable,
        runner,
        "backends",
        backend,
        "--json",
    ]  # the others would be imported for nothing
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
    if result.returncode != 0:
        return "%s: exit code %d: %s" % (" ".join(command), result.returncode, result.stderr.strip())
    (entry,) = json.loads(result.stdout)
    return None if entry["available"] else "backend %s: %s" % (backend, entry["reason"])


def vendor_files():
    """Return {name: SHA-256} of what a vendor's files were put into this environment."""
    try:
        with open(os.path.join(ENVIRONMENT, "vendor.json")) as stream:
            return json.load(stream)["files"]
    except FileNotFoundError:
        return {}


def package_versions(names):
    """Return {name: version} of the distribution's packages."""
    if not names:
        return {}
    command = ["dpkg-query", "--show", "--showformat=${Package} ${Version}\\n"] + names
    output = subprocess.check_output(command, universal_newlines=True)
    return dict(line.split(" ", 1) for line in output.splitlines())


def seal(options):
    """Compile the packages, check the backend, then write the flag."""
    compile_packages()
    reason = refusal(options.runner, options.backend)
    if reason is not None:
        sys.exit("error: " + reason)
    content = {
        "backend": options.backend,
        "python": platform.python_version(),
        "lock_sha256": options.lock_sha256,
        "packages": installed_packages(),
        "vendor_files": vendor_files(),
        "distribution_packages": package_versions(
            [name for name in options.distribution_packages.split(",") if name]
        ),
        "created_utc": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    scratch = FLAG + ".new"
    with open(scratch, "w") as stream:
        json.dump(content, stream, indent=1, sort_keys=True)
        stream.write("\n")
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(scratch, FLAG)


def show(_options):
    """Print the flag; refuse it when the interpreter below the environment has changed since."""
    try:
        with open(FLAG) as stream:
            content = json.load(stream)
    except (OSError, ValueError) as error:
        sys.exit("error: %s: %s" % (FLAG, error))
    if content["python"] != platform.python_version():
        sys.exit("error: made with Python %s, this is %s" % (content["python"], platform.python_version()))
    print(json.dumps(content, sort_keys=True))


def main():
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Seal and show a backend's environment.")
    commands = parser.add_subparsers(dest="command")
    commands.required = True
    sealing = commands.add_parser("seal", help="check the backend with the runner and write environment.json")
    sealing.add_argument("--backend", required=True)
    sealing.add_argument("--lock-sha256", required=True)
    sealing.add_argument("--runner", required=True, help="path of the runner on this board")
    sealing.add_argument("--distribution-packages", default="", help="names, with commas between them")
    sealing.set_defaults(function=seal)
    showing = commands.add_parser("show", help="print environment.json if the environment is complete")
    showing.set_defaults(function=show)
    options = parser.parse_args()
    options.function(options)


if __name__ == "__main__":
    main()
