"""Put a vendor's files into a backend's environment. Runs in it, on the board: Python 3.6, standard library only.

Wheels are installed over what the lock has; packages (.deb) and archives are unpacked below ``vendor`` and nothing of
the system is touched. ``vendor.json`` says what was put there and which variables make it found.
"""

import argparse
import hashlib
import json
import os
import shlex
import subprocess
import sys
import tarfile

ENVIRONMENT = os.path.dirname(os.path.abspath(__file__))
FLAG = os.path.join(ENVIRONMENT, "vendor.json")
UNPACKED = os.path.join(ENVIRONMENT, "vendor")
KEPT = ("LD_LIBRARY_PATH", "PYTHONPATH")
# Prints them as JSON after a vendor's script (such as OpenVINO's setupvars.sh) has set them.
SETUP = '. {script} >/dev/null && exec {python} -c "import json, os; print(json.dumps(dict(os.environ)))"'


def install(path, pip):
    """Put one file into the environment, by what it is."""
    if path.endswith(".whl"):
        options = ["--no-index", "--no-deps", "--no-cache-dir", "--force-reinstall", "--quiet"]
        run([sys.executable, pip, "install", "--disable-pip-version-check"] + options + [path])
    elif path.endswith(".deb"):
        run(["dpkg-deb", "--extract", path, UNPACKED])
    elif path.endswith((".tar.gz", ".tgz", ".tar.xz", ".tar")):
        with tarfile.open(path) as archive:
            archive.extractall(UNPACKED, members=harmless(archive))
    else:
        sys.exit("error: %s: valid are .whl, .deb, .tar.gz, .tgz, .tar.xz and .tar" % os.path.basename(path))


def harmless(archive):
    """Return the members of an archive; ends here when one would land outside of it."""
    members = archive.getmembers()
    for member in members:
        for name in [member.name] + ([member.linkname] if member.islnk() else []):
            if os.path.isabs(name) or ".." in name.split("/"):
                sys.exit("error: %s: %s would land outside of the environment" % (archive.name, name))
    return members


def run(command):
    """Run a command; its own words end this program when it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    if done.returncode != 0:
        sys.exit("error: %s: %s" % (" ".join(command[:3]), done.stdout.strip()))
    return done.stdout


def variables(setup):
    """Return the variables that make the unpacked files found: a script's, else every directory with a library."""
    if setup:
        scripts = [os.path.join(top, setup) for top, _, names in os.walk(UNPACKED) if setup in names]
        if len(scripts) != 1:
            sys.exit("error: found %d files %s in the vendor's files, expected one" % (len(scripts), setup))
        clean = {name: value for name, value in os.environ.items() if name not in KEPT}
        command = SETUP.format(script=shlex.quote(scripts[0]), python=shlex.quote(sys.executable))
        done = subprocess.run(["bash", "-c", command], env=clean, stdout=subprocess.PIPE)
        if done.returncode != 0:
            sys.exit("error: %s ended with exit code %d" % (setup, done.returncode))
        found = json.loads(done.stdout.decode("utf-8"))
        return {name: found[name].strip(":") for name in KEPT if found.get(name)}
    libraries = sorted(top for top, _, names in os.walk(UNPACKED) if any(".so" in name for name in names))
    return {"LD_LIBRARY_PATH": ":".join(libraries)} if libraries else {}


def main():
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Put a vendor's files into this environment.")
    parser.add_argument("--pip", required=True, help="pip, as a path that Python can run")
    parser.add_argument("--setup", help="name of the script among the files that sets their variables")
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()
    os.makedirs(UNPACKED, exist_ok=True)
    content = {"files": {}}
    for path in options.files:
        with open(path, "rb") as stream:
            content["files"][os.path.basename(path)] = hashlib.sha256(stream.read()).hexdigest()
        install(path, options.pip)
    content["variables"] = variables(options.setup)
    with open(FLAG, "w") as stream:
        json.dump(content, stream, indent=1, sort_keys=True)
        stream.write("\n")


if __name__ == "__main__":
    main()
