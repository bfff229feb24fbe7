"""An authority of the test's own and certificates by it, made with the openssl program: good, expired, revoked, by a stranger."""
import subprocess
from datetime import datetime, timedelta, timezone


class Authority:
    def __init__(self, folder, name="Test Authority"):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.certificate = folder / "ca.pem"
        self._key = folder / "ca.key"
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self._key, "-out", self.certificate,
                "-subj", f"/CN={name}", "-days", "90", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        (folder / "index.txt").write_text("")
        (folder / "serial").write_text("1000\n")
        (folder / "crlnumber").write_text("01\n")
        self._settings = folder / "ca.cnf"
        self._settings.write_text(f"""
[ca]
default_ca = this
[this]
database = {folder}/index.txt
serial = {folder}/serial
crlnumber = {folder}/crlnumber
new_certs_dir = {folder}
certificate = {self.certificate}
private_key = {self._key}
default_md = sha256
default_crl_days = 30
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
""")

    def issue(self, name, days=(-1, 90), host=None):
        """A Certificate, valid from days[0] to days[1] from now."""
        made = Certificate(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        request = self.folder / f"{name}.csr"
        names = f"DNS:{name}" + (f",IP:{host}" if host else "")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", made.key, "-out", request, "-subj", f"/CN={name}",
                "-addext", f"subjectAltName={names}")
        made.key.chmod(0o600)
        begin, end = ((datetime.now(timezone.utc) + timedelta(days=day)).strftime("%Y%m%d%H%M%SZ") for day in days)
        openssl("ca", "-batch", "-notext", "-config", self._settings, "-in", request, "-out", made.certificate,
                "-startdate", begin, "-enddate", end)
        return made

    def revoke(self, certificate):
        openssl("ca", "-config", self._settings, "-revoke", certificate.certificate)

    def revocation_list(self):
        path = self.folder / "crl.pem"
        openssl("ca", "-config", self._settings, "-gencrl", "-out", path)
        return path


class Certificate:
    def __init__(self, certificate, key):
        self.certificate = certificate
        self.key = key

    def sha256(self):
        """As openssl prints it: "3F:A0: ..."."""
        return openssl("x509", "-in", self.certificate, "-noout", "-fingerprint", "-sha256").split("=")[1].strip()


def openssl(*words):
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"openssl {words}\n{done.stderr}"
    return done.stdout
