"""Power switches against real processes and a real HTTP server on the loopback."""

import base64
import hashlib
import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

import pytest

from power_switch.cli import driver_names, main, read_switch
from power_switch.contract import SwitchError
from power_switch.control import only_request

WRITE = "import sys,pathlib; pathlib.Path(sys.argv[1]).open('a').write(sys.argv[2] + '\\n')"
READ = "import sys,pathlib; print('state', pathlib.Path(sys.argv[1]).read_text().split()[-1])"


class Plug(http.server.BaseHTTPRequestHandler):
    """Speaks as a Shelly, a Tasmota and a PDUDaemon do; ``stuck`` ignores requests to switch."""

    on, stuck, asked, generation, challenge = True, False, [], 2, None

    def do_GET(self):
        if not self.admitted():
            self.send_response(401)
            self.send_header("WWW-Authenticate", Plug.challenge)
            self.end_headers()
            return None
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        Plug.asked.append((url.path, query))
        if url.path == "/shelly":
            return self.answer(
                {"type": "SHPLG-S"} if Plug.generation == 1 else {"gen": Plug.generation, "id": "p"}
            )
        if url.path.startswith("/relay/"):
            if not Plug.stuck and "turn" in query:
                Plug.on = query["turn"] == "on"
            return self.answer({"ison": Plug.on})
        wanted = {
            "/rpc/Switch.Set": query.get("on"),
            "/cm": query.get("cmnd", "").partition(" ")[2].lower(),
        }.get(url.path)
        if not Plug.stuck and wanted in ("true", "on", "false", "off"):
            Plug.on = wanted in ("true", "on")
        shelly = {"id": 0, "output": Plug.on}
        return self.answer({"POWER": "ON" if Plug.on else "OFF"} if url.path == "/cm" else shelly)

    def answer(self, content):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def admitted(self):
        """Check what RFC 7616 and 7617 say of the password "open"."""
        given = self.headers.get("Authorization", "")
        if Plug.challenge is None:
            return True
        if Plug.challenge.startswith("Basic"):
            return given == "Basic " + base64.b64encode(b"lab:open").decode()
        own = dict(re.findall(r'(\w+)="?([^",]+)"?', given))
        new = hashlib.sha256 if "SHA-256" in Plug.challenge else hashlib.md5
        digest = lambda text: new(text.encode()).hexdigest()  # noqa: E731
        secret, request = digest("admin:shellyplug:open"), digest(f"GET:{self.path}")
        proof = ":".join([secret, "abc", own.get("nc", ""), own.get("cnonce", ""), "auth", request])
        return own.get("uri") == self.path and own.get("response") == digest(proof)

    def log_message(self, *_):
        """Keep the test's output clean."""


@pytest.fixture
def plug():
    Plug.on, Plug.stuck, Plug.asked, Plug.generation, Plug.challenge = True, False, [], 2, None
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Plug)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def request(tmp_path, action, capsys, **entry):
    file = tmp_path / "switches.json"
    file.write_text(json.dumps({"s1": entry}))
    code = main([action, "--switch", "s1", "--switches", str(file)])
    said = capsys.readouterr()
    return code, json.loads(said.out)["state"] if said.out else None, said.err


def by_commands(log):
    words = {name: [sys.executable, "-c", WRITE, str(log), name] for name in ("on", "off")}
    return {"driver": "command", "options": {**words, "read": [sys.executable, "-c", READ, str(log)]}}


def test_drivers_are_found_by_name():
    assert {"command", "http_shelly", "http_tasmota", "uhubctl", "pdudaemon", "snmp_poe"} <= set(
        driver_names()
    )


def test_commands_cycle_and_are_verified(tmp_path, capsys):
    log = tmp_path / "log"
    code, state, _ = request(tmp_path, "cycle", capsys, off_delay_s=0.3, **by_commands(log))
    assert (code, state) == (0, "on")
    assert log.read_text().split() == ["off", "on"]


@pytest.mark.parametrize("driver", ["http_shelly", "http_tasmota"])
def test_plugs_switch(tmp_path, capsys, plug, driver):
    entry = {"driver": driver, "options": {"url": plug}}
    assert request(tmp_path, "off", capsys, **entry)[:2] == (0, "off")
    assert Plug.on is False
    assert request(tmp_path, "on", capsys, **entry)[:2] == (0, "on")
    assert request(tmp_path, "read", capsys, **entry)[:2] == (0, "on")


@pytest.mark.parametrize("generation", [1, 2, 4])
def test_shelly_plugs_of_every_generation(tmp_path, capsys, plug, generation):
    Plug.generation = generation
    entry = {"driver": "http_shelly", "options": {"url": plug}}
    assert request(tmp_path, "off", capsys, **entry)[:2] == (0, "off")
    assert Plug.on is False
    first = any(path == "/relay/0" for path, _ in Plug.asked)
    assert first == (generation == 1)
    entry["options"]["generation"] = generation
    Plug.asked.clear()
    assert request(tmp_path, "on", capsys, **entry)[:2] == (0, "on")
    assert "/shelly" not in [path for path, _ in Plug.asked]


@pytest.mark.parametrize(
    "challenge",
    [
        'Basic realm="shelly"',
        'Digest qop="auth", realm="shellyplug", nonce="abc", algorithm=SHA-256',
        'Digest qop="auth", realm="shellyplug", nonce="abc"',
    ],
)
def test_a_plug_with_a_password(tmp_path, capsys, plug, challenge):
    Plug.challenge = challenge
    options = {"url": plug, "password": "open"} | ({"user": "lab"} if challenge.startswith("Basic") else {})
    assert request(tmp_path, "off", capsys, driver="http_shelly", options=options)[:2] == (0, "off")
    code, _, error = request(
        tmp_path, "read", capsys, driver="http_shelly", options={**options, "password": "shut"}
    )
    assert code == 1
    assert "401" in error


@pytest.mark.parametrize("driver", ["http_shelly", "http_tasmota"])
def test_a_plug_that_stays_on_is_no_success(tmp_path, capsys, plug, driver):
    Plug.stuck = True
    code, _, error = request(
        tmp_path, "off", capsys, driver=driver, options={"url": plug}, verify_within_s=0.3
    )
    assert code == 1
    assert "is not, after 0.3 s" in error


def test_pdudaemon_cannot_be_verified_unless_told_not_to(tmp_path, capsys, plug):
    entry = {"driver": "pdudaemon", "options": {"url": plug, "pdu": "rack1", "port": 4}}
    code, _, error = request(tmp_path, "off", capsys, **entry)
    assert code == 1
    assert "verify: false" in error
    assert request(tmp_path, "off", capsys, verify=False, **entry)[:2] == (0, None)
    assert Plug.asked[-1] == ("/power/control/off", {"hostname": "rack1", "port": "4"})


def test_the_wiring_says_how_long_a_board_stays_off(tmp_path, capsys, monkeypatch):
    slept = []
    monkeypatch.setattr(
        "power_switch.cli.cycle", lambda _switch, *, off_delay_s, **_more: slept.append(off_delay_s)
    )
    (tmp_path / "log").write_text("on\n")
    for more in ({}, {"wiring": "dc"}, {"wiring": "mains"}, {"wiring": "mains", "off_delay_s": 1}):
        assert request(tmp_path, "cycle", capsys, **by_commands(tmp_path / "log"), **more)[0] == 0
    assert slept == [5.0, 2.0, 10.0, 1.0]


AGENT = """\
rocommunity public 127.0.0.1
rwcommunity lab 127.0.0.1
pass .1.3.6.1.2.1.105.1.1.1.3 /bin/sh {script} 3
pass .1.3.6.1.2.1.105.1.1.1.6 /bin/sh {script} 6
"""
SCRIPT = """\
#!/bin/sh
# One port of the standard table: what was set is kept in a file; the port delivers power while that says 1.
state={state}
case "$2" in
  -s) echo "$5" > $state ;;
  -g) admin=$(cat $state); echo "$3"; echo integer
      if [ "$1" = 3 ]; then echo "$admin"; elif [ -e $state.stuck ] || [ "$admin" = 1 ]; then echo 3; else echo 1; fi ;;
esac
"""


@pytest.fixture
def agent(tmp_path):
    """net-snmp's agent with one port of the standard table of power over Ethernet."""
    if not shutil.which("snmpd", path="/usr/sbin:/usr/bin") or not shutil.which("snmpset"):
        if os.environ.get("CI"):  # .ci/run installs it: a skip would hide a hole
            pytest.fail("net-snmp is not installed")
        pytest.skip("net-snmp is not installed")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "state").write_text("1\n")
    (tmp_path / "port.sh").write_text(SCRIPT.format(state=tmp_path / "state"))
    (tmp_path / "snmpd.conf").write_text(AGENT.format(script=tmp_path / "port.sh"))
    command = [
        shutil.which("snmpd", path="/usr/sbin:/usr/bin"),
        "-f",
        "-C",
        "-c",
        str(tmp_path / "snmpd.conf"),
    ]
    process = subprocess.Popen(
        [*command, f"udp:127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    yield f"127.0.0.1:{port}"
    process.terminate()
    process.wait(10)


def test_a_port_of_power_over_ethernet_of_a_real_agent(tmp_path, capsys, agent):
    entry = {
        "driver": "snmp_poe",
        "options": {"host": agent, "port": 7, "community": "lab"},
        "verify_within_s": 5,
    }
    for _ in range(50):  # the agent needs a moment
        if request(tmp_path, "read", capsys, **entry)[0] == 0:
            break
        time.sleep(0.1)
    assert request(tmp_path, "read", capsys, **entry)[:2] == (0, "on")
    assert request(tmp_path, "off", capsys, **entry)[:2] == (0, "off")
    assert request(tmp_path, "cycle", capsys, off_delay_s=0, **entry)[:2] == (0, "on")
    (tmp_path / "state.stuck").touch()
    code, _, error = request(tmp_path, "off", capsys, **{**entry, "verify_within_s": 0.5})
    assert code == 1, "the port says that it was disabled, and still delivers power"
    assert "was asked to switch off and is not" in error
    entry["options"]["community"] = "public"
    code, _, error = request(tmp_path, "on", capsys, **entry)
    assert code == 1
    assert "snmpset: exit code" in error


def test_uhubctl_and_snmp_are_spoken_as_they_print(tmp_path, capsys):
    hub = tmp_path / "uhubctl"
    hub.write_text(
        "#!/bin/sh\necho 'Current status for hub 1-1'\necho '  Port 2: 0503 power highspeed enable connect'\n"
    )
    agent = tmp_path / "snmp"
    agent.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\necho 2\n')
    for program in (hub, agent):
        program.chmod(0o755)
    options = {"location": "1-1", "port": 2, "uhubctl": str(hub)}
    assert request(tmp_path, "read", capsys, driver="uhubctl", options=options)[:2] == (0, "on")
    options = {
        "host": "10.0.0.2",
        "port": 7,
        "community": "lab",
        "snmpset": str(agent),
        "snmpget": str(agent),
    }
    assert request(tmp_path, "off", capsys, driver="snmp_poe", options=options)[:2] == (0, "off")
    assert "1.3.6.1.2.1.105.1.1.1.3.1.7 i 2" in (tmp_path / "asked").read_text()


def test_requests_to_one_device_do_not_overlap(tmp_path):
    file = tmp_path / "switches.json"
    file.write_text(json.dumps({"s1": by_commands(tmp_path / "log")}))
    switch, _ = read_switch(file, "s1")
    begin = time.monotonic()
    with only_request(switch), pytest.raises(SwitchError, match="busy"), only_request(switch, within_s=0.2):
        pytest.fail("a second request was let in")
    assert time.monotonic() - begin >= 0.2


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"driver": "shelly"}, "valid: command"),
        ({"driver": "http_shelly"}, "missing key 'url'"),
        ({"driver": "http_shelly", "options": {"url": "http://x", "idd": 1}}, "unknown key 'idd'"),
        ({"driver": "command", "options": {"on": ["a"], "off": ["b"]}, "off_delay_s": -1}, "off_delay_s"),
        ({"driver": "command", "option": {}}, "unknown key 'option'"),
        (
            {"driver": "command", "options": {"on": ["a"], "off": ["b"]}, "wiring": "ac"},
            "valid: dc, usb, poe, mains",
        ),
    ],
)
def test_wrong_entries_are_explained(tmp_path, capsys, entry, said):
    code, _, error = request(tmp_path, "read", capsys, **entry)
    assert code == 2
    assert said in error


def test_a_device_that_is_not_there_fails_without_a_traceback(tmp_path, capsys):
    options = {"url": "http://127.0.0.1:9", "timeout_s": 1}
    code, _, error = request(tmp_path, "read", capsys, driver="http_shelly", options=options)
    assert code == 1
    assert error.startswith("error: http://127.0.0.1:9")
