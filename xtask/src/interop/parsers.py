"""Reads every form of the handoff with parsers that have nothing to do with em-infra.

Arguments: the directory with one folder per cluster, and shellcheck. Prints a line for every form; what cannot be
checked here is said, and is no failure.
"""

import hashlib
import ipaddress
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import ruamel.yaml
import yaml

SYSTEM = "/usr/local/sbin:/usr/sbin:/sbin"


class Fault(Exception):
    """A form that a parser refuses or reads otherwise than it is meant."""


def tool(name):
    """The path of a program, also where only an administrator has it on PATH."""
    return shutil.which(name) or shutil.which(name, path=SYSTEM)


def run(command, what):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip()
        raise Fault(f"{what}: {' '.join(map(str, command))}\n{said}")


def yaml_1_1(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def yaml_1_2(path):
    return ruamel.yaml.YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def same_yaml(folder):
    """Both versions of YAML read the document that the JSON form says."""
    expected = json.loads((folder / "json").read_text(encoding="utf-8"))
    for name, read in (("PyYAML", yaml_1_1), ("ruamel.yaml", yaml_1_2)):
        if read(folder / "yaml") != expected:
            raise Fault(f"{folder}: {name} reads something else than JSON says")


def same_talconfig(folder):
    """Both versions of YAML read the same: no `off` is a value to one and a text to the other."""
    path = folder / "talconfig"
    if yaml_1_1(path) != yaml_1_2(path):
        raise Fault(f"{path}: YAML 1.1 and 1.2 read different things")


def hosts(folder):
    """Every line of the hosts file is an address and names, one line for each node."""
    nodes = json.loads((folder / "json").read_text(encoding="utf-8"))["nodes"]
    lines = (folder / "hosts").read_text(encoding="utf-8").splitlines()
    entries = {}
    for line in (line.partition("#")[0].split() for line in lines):
        if line:
            address, *names = line
            entries.update({name: str(ipaddress.ip_address(address)) for name in names})
    for node in nodes:
        if entries.get(node["name"]) != node["address"]:
            raise Fault(f"{folder}/hosts: {node['name']} has {entries.get(node['name'])}")


def assigned(folder):
    """bash reads the assignments, and the values are those of the document."""
    document = json.loads((folder / "json").read_text(encoding="utf-8"))
    script = f'set -eu; set -a; . "{folder}/env"; exec python3 -c "import json, os; print(json.dumps(dict(os.environ)))"'
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=True, env={"PATH": "/usr/bin:/bin:/usr/local/bin"}
    )
    values = json.loads(done.stdout)
    if values.get("TALOS_CLUSTER_ENDPOINT") != document["cluster"]["endpoint"]:
        raise Fault(f"{folder}/env: bash reads {values.get('TALOS_CLUSTER_ENDPOINT')}")


def kea_json(folder):
    """Kea's part is a list of reservations, one for each node."""
    reservations = json.loads((folder / "dhcp-kea").read_text(encoding="utf-8"))["reservations"]
    nodes = json.loads((folder / "json").read_text(encoding="utf-8"))["nodes"]
    found = {entry["hostname"]: (entry["hw-address"], entry["ip-address"]) for entry in reservations}
    expected = {node["name"]: (node["mac"].lower(), node["address"]) for node in nodes}
    if found != expected:
        raise Fault(f"{folder}/dhcp-kea: {found}")


def network(folder):
    cluster = json.loads((folder / "json").read_text(encoding="utf-8"))["cluster"]
    return ipaddress.ip_network(cluster["node_cidr"])


def dnsmasq(program):
    def check(folder):
        run([program, "--test", f"--conf-file={folder / 'dhcp-dnsmasq'}"], folder)

    return check


def dhcpd(program):
    def check(folder):
        net = network(folder)
        text = f"subnet {net.network_address} netmask {net.netmask} {{ }}\n"
        with tempfile.NamedTemporaryFile("w", suffix=".conf", encoding="utf-8") as file:
            file.write(text + (folder / "dhcp-isc").read_text(encoding="utf-8"))
            file.flush()
            run([program, "-t", "-q", "-cf", file.name, "-lf", "/dev/null"], folder)

    return check


def kea(program):
    def check(folder):
        reservations = json.loads((folder / "dhcp-kea").read_text(encoding="utf-8"))["reservations"]
        subnet = {"id": 1, "subnet": str(network(folder)), "reservations": reservations}
        config = {"Dhcp4": {"lease-database": {"type": "memfile", "persist": False}, "subnet4": [subnet]}}
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
            json.dump(config, file)
            file.flush()
            run([program, "-t", file.name], folder)

    return check


def shell(program, form, *arguments):
    def check(folder):
        run([program, *arguments, folder / form], folder)

    return check


def checks(shellcheck):
    """What is read by what: form, name of the parser, check; a check of None is one that nobody can do here."""
    bash = tool("bash")
    # A part of a configuration file: nobody in it reads what it assigns.
    lint = ("--shell=sh", "--severity=style")
    yield "yaml", "PyYAML and ruamel.yaml", same_yaml
    yield "talconfig", "PyYAML and ruamel.yaml", same_talconfig
    yield "hosts", "ipaddress", hosts
    yield "talosctl", "bash -n", bash and shell(bash, "talosctl", "-n")
    yield "talosctl", "shellcheck", shell(shellcheck, "talosctl", *lint)
    yield "env", "bash", bash and assigned
    yield "env", "shellcheck", shell(shellcheck, "env", *lint, "--exclude=SC2034")
    yield "dhcp-kea", "json", kea_json
    for form, name, package, make in (
        ("dhcp-dnsmasq", "dnsmasq", "dnsmasq-base", dnsmasq),
        ("dhcp-isc", "dhcpd", "isc-dhcp-server", dhcpd),
        ("dhcp-kea", "kea-dhcp4", "kea-dhcp4-server", kea),
    ):
        program = tool(name)
        yield form, name if program else f"{name} (Debian: {package})", program and make(program)


def once_each(folders, form):
    """The folders in which a form differs from those before."""
    seen = set()
    for folder in folders:
        digest = hashlib.sha256((folder / form).read_bytes()).digest()
        if digest not in seen:
            seen.add(digest)
            yield folder


def must_refuse(check, form, folders):
    """A parser that takes anything proves nothing: each has to refuse a damaged text."""
    with tempfile.TemporaryDirectory() as scratch:
        damaged = pathlib.Path(scratch)
        for path in folders[0].iterdir():
            (damaged / path.name).write_bytes(path.read_bytes())
        text = (damaged / form).read_text(encoding="utf-8")
        (damaged / form).write_text(text.replace(":", "\"", 1) + "\n'{ off\n", encoding="utf-8")
        try:
            check(damaged)
        except Exception:  # pylint: disable=broad-except
            return
    raise Fault(f"the parser of {form} takes a damaged text")


def main():
    root, shellcheck = pathlib.Path(sys.argv[1]), sys.argv[2]
    folders = sorted(path for path in root.iterdir() if path.is_dir())
    for form, name, check in checks(shellcheck):
        if check is None:
            print(f"{form}: not checked, there is no {name}")
            continue
        must_refuse(check, form, folders)
        count = 0
        for folder in once_each(folders, form):
            check(folder)
            count += 1
        print(f"{form}: {count} texts read by {name}")


if __name__ == "__main__":
    try:
        main()
    except Fault as fault:
        sys.exit(str(fault))
