//! The same causes by other mechanisms than those of the sandbox's own faults:
//! words of real sites and of Docker, servers that are not the hub's, answers of
//! things that are no hub. What is found must follow from what is seen, not from
//! knowing the fault.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use jupyterhub_sandbox::{Sandbox, Spec};

use crate::Case;
use crate::hubs::Hubs;
use crate::reach::check_of;
use crate::world::World;

/// Quick: on the newest version always, on all with HUBPROBE_TEST=all.
pub const EDGES: &[Case] = &[
    ("other_mechanisms::words_of_hooks", words_of_hooks),
    ("other_mechanisms::other_servers", other_servers),
    ("other_mechanisms::no_hub_answers", no_hub_answers),
];

/// Slower ones, with HUBPROBE_TEST=all.
pub const ALL: &[Case] = &[(
    "other_mechanisms::somebody_restarts_the_kernel",
    somebody_restarts_the_kernel,
)];

/// A hook that raises what the option `words` names, and one that starts
/// something else, by the option `case`.
const OTHER: &str = r#"
import os, sys
from tornado import web

WORDS = {
    "empty": RuntimeError(),
    "key": KeyError("access_token"),
    "auth": RuntimeError("No access token in auth_state, cannot mount the S3 home"),
    "denied_pull": Exception('500 Server Error for http+docker://localhost/v1.41/images/create?tag=latest&fromImage=ghcr.io%2Forg%2Fimg: Internal Server Error ("Head "https://ghcr.io/v2/org/img/manifests/latest": denied")'),
    "bind": Exception('400 Client Error for http+docker://localhost/v1.41/containers/create?name=x: Bad Request ("invalid mount config for type "bind": bind source path does not exist: /srv/homes/x")'),
    "swarm": Exception("no suitable node (insufficient resources on 3 nodes)"),
    "daemon": Exception("Error while fetching server API version: ('Connection aborted.', FileNotFoundError(2, 'No such file or directory'))"),
    "retries": Exception("HTTPSConnectionPool(host='10.96.0.1', port=443): Max retries exceeded with url: /api/v1/namespaces/jhub/pods (Caused by NewConnectionError('[Errno 111] Connection refused'))"),
    "rbac": Exception('(403) Reason: Forbidden {"message":"pods is forbidden: User \\"system:serviceaccount:jhub:hub\\" cannot create resource \\"pods\\""}'),
    "image": web.HTTPError(404, "Image scipy-2019 is not in the catalogue"),
    "memory": web.HTTPError(422, "memory: 512 is more than 256 GB"),
    "login": web.HTTPError(401, "Your login has expired, please log in again"),
    "closed": web.HTTPError(503, "The cluster is under maintenance until Monday"),
}

PLAIN = (
    "p=${JUPYTERHUB_SERVICE_URL#http://127.0.0.1:}; exec " + sys.executable + " -m jupyter_server "
    "--ServerApp.port=${p%%/*} --ServerApp.base_url=$JUPYTERHUB_SERVICE_PREFIX --ServerApp.ip=127.0.0.1 --allow-root"
)
SERVERS = {
    "gateway": "c.GatewayClient.url = 'http://127.0.0.1:1'\nc.GatewayClient.connect_timeout = 1\n",
    "authorizer": "from jupyter_server.auth import Authorizer\nclass Deny(Authorizer):\n    def is_authorized(self, handler, user, action, resource):\n        return action != 'execute'\nc.ServerApp.authorizer_class = Deny\n",
    "read_only": "from jupyter_server.services.contents.largefilemanager import LargeFileManager\nfrom tornado import web\nclass ReadOnly(LargeFileManager):\n    def save(self, model, path=''):\n        raise web.HTTPError(403, 'saving is switched off here')\nc.ServerApp.contents_manager_class = ReadOnly\n",
}

def hook(spawner):
    options = spawner.user_options or {}
    if options.get("words"):
        raise WORDS[options["words"]]
    case = options.get("case")
    if case == "plain":
        spawner.cmd, spawner.args = ["bash", "-c", PLAIN], []
    elif case in SERVERS:
        directory = os.path.join(here, "case-" + case)
        os.makedirs(directory, exist_ok=True)
        with open(os.path.join(directory, "jupyter_server_config.py"), "w") as file:
            file.write(SERVERS[case])
        paths = directory + ":" + spawner.environment["JUPYTER_CONFIG_PATH"]
        spawner.environment = {**spawner.environment, "JUPYTER_CONFIG_PATH": paths}

c.Spawner.pre_spawn_hook = hook
"#;

fn other(hubs: &Hubs, version: &str, name: &str) -> Sandbox {
    hubs.own(&Spec {
        name: format!("{name}-{version}"),
        extra_config_text: Some(OTHER.to_owned()),
        ..hubs.spec(version)
    })
}

fn words_of_hooks(hubs: &Hubs, version: &str) {
    let sandbox = other(hubs, version, "words");
    for (words, cause, said) in [
        ("empty", "spawn.error", "without words"),
        ("key", "spawn.no-credentials", "access_token"),
        ("auth", "spawn.no-credentials", "auth_state"),
        ("denied_pull", "spawn.image-pull", "ghcr.io"),
        ("bind", "spawn.volume", "/srv/homes/x"),
        ("swarm", "spawn.unschedulable", "no suitable node"),
        // None of these is what a word in it seems to say.
        ("daemon", "spawn.error", "No such file"),
        ("retries", "spawn.error", "Max retries"),
        ("rbac", "spawn.error", "cannot create"),
        ("image", "spawn.denied", "scipy-2019"),
        ("memory", "spawn.bad-options", "256 GB"),
        ("login", "spawn.stale-login", "log in again"),
        ("closed", "spawn.error", "until Monday"),
    ] {
        let world = World::on(&sandbox, &format!("w-{}", words.replace('_', "-")));
        let run = world.check().option(&format!("words={words}")).run();
        let finding = run.finds(cause);
        assert!(finding.to_string().contains(said), "{words}: {finding:#}");
        world.assert_nothing_left();
    }
}

fn other_servers(hubs: &Hubs, version: &str) {
    let sandbox = other(hubs, version, "servers");
    for (case, cause, said) in [
        ("plain", "server.error", "c.Spawner.cmd"),
        ("gateway", "server.error", "Gateway"),
        (
            "authorizer",
            "kernel.websocket-blocked",
            "the server itself",
        ),
        ("read_only", "files.denied", "saving is switched off here"),
    ] {
        let world = World::on(&sandbox, &format!("s-{}", case.replace('_', "-")));
        let run = world
            .check()
            .option(&format!("case={case}"))
            .and(&["--deadline", "open=5s", "--files"])
            .run();
        let finding = run.exits(1).finds(cause);
        assert!(finding.to_string().contains(said), "{case}: {finding:#}");
        world.assert_nothing_left();
    }
}

/// Things that answer, and are no hub.
fn no_hub_answers(_: &Hubs, _: &str) {
    let http = |head: &str, body: &str| {
        format!(
            "HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    };
    let json = "Content-Type: application/json";
    let page = "Content-Type: text/html";
    for (what, answer, cause) in [
        (
            "a banner",
            "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n".to_owned(),
            "reach.not-a-hub",
        ),
        (
            "another API",
            http(
                &format!("200 OK\r\n{json}"),
                r#"{"version": "3.1.2", "name": "some api", "status": "ok"}"#,
            ),
            "reach.not-a-hub",
        ),
        (
            "Jupyter Server without a hub",
            http("302 Found\r\nLocation: /hub/api", ""),
            "reach.not-a-hub",
        ),
        (
            "a captive portal",
            http(
                &format!("511 Network Authentication Required\r\n{page}"),
                "<h1>Wi-Fi</h1>",
            ),
            "reach.login-wall",
        ),
        (
            "Cloudflare before a dead ingress",
            http(
                "522 <none>\r\nContent-Type: text/plain\r\nServer: cloudflare",
                "error code: 522",
            ),
            "reach.proxy-down",
        ),
    ] {
        let url = says(answer);
        let (_dir, call) = check_of(&url);
        let run = call.run();
        let finding = run.finds(cause);
        assert_eq!(run.code, Some(1), "{what}: {finding:#}");
    }
}

/// Something that says the same to everybody.
fn says(answer: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            std::thread::spawn(move || say(stream, &answer));
        }
    });
    url
}

fn say(mut stream: TcpStream, answer: &str) {
    // A banner comes unasked; an answer of HTTP may too, for what it is worth.
    if answer.starts_with("HTTP") {
        let mut asked = [0; 4096];
        let _ = stream.read(&mut asked);
    }
    let _ = stream.write_all(answer.as_bytes());
}

/// Nobody tells the websocket of a restart but the old kernel itself.
fn somebody_restarts_the_kernel(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "restarted-kernel");
    let code = "import os, signal, threading\n\
                from jupyter_client import BlockingKernelClient, find_connection_file\n\
                client = BlockingKernelClient()\n\
                client.load_connection_file(find_connection_file())\n\
                client.start_channels()\n\
                threading.Timer(1, lambda: client.shutdown(restart=True)).start()\n\
                import time\n\
                for _ in range(20): time.sleep(1)";
    let said = world.check_code(code, None).run();
    said.exits(1).finds("kernel.died");
    world.assert_nothing_left();
}
