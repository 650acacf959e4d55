//! Fronts end when they are told to, when their sandbox does, and when it is swept; they hold no secret.

use std::path::Path;

use jupyterhub_sandbox::{Sandbox, Spec, sweep};

use super::{Stage, own, spec};

super::list!(
    several_stand_side_by_side_and_end_alone,
    a_sandbox_takes_its_fronts_along,
    a_sweep_finds_them,
);

fn lives(pid: u32) -> bool {
    // One that only waits to be reaped is no process any more.
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit_once(')').unwrap().1.starts_with(" Z"))
}

async fn several_stand_side_by_side_and_end_alone(stage: &Stage) {
    let fronts = [
        stage.front("good").await,
        stage.front("no_date").await,
        stage.front("tls").await,
    ];
    let found: Vec<u32> = stage
        .sandbox
        .fronts()
        .iter()
        .map(|front| front.pid())
        .collect();
    let (admin, sandbox) = (&stage.authorization, stage.sandbox.dir());
    let token = admin.rsplit(' ').next().unwrap();
    let proxy = std::fs::read_to_string(sandbox.join("proxy.token")).unwrap();
    for front in &fronts {
        assert!(found.contains(&front.pid()));
        for what in ["cmdline", "environ"] {
            let text = std::fs::read(format!("/proc/{}/{what}", front.pid())).unwrap();
            let text = String::from_utf8_lossy(&text);
            assert!(!text.contains(token) && !text.contains(&proxy), "{what}");
        }
    }
    fronts[0].down().await.unwrap();
    assert!(!lives(fronts[0].pid()));
    assert_eq!(stage.ask(&fronts[1], "GET", "hub/api/").await.status, 200);
    for front in &fronts {
        front.down().await.unwrap();
        assert!(!lives(front.pid()));
    }
    let left = stage.sandbox.fronts();
    assert!(
        !left
            .iter()
            .any(|it| fronts.iter().any(|front| front.pid() == it.pid()))
    );
}

async fn a_sandbox_takes_its_fronts_along(stage: &Stage) {
    let sandbox = Sandbox::up(&stage.places, &spec("along"), &mut |_| ())
        .await
        .unwrap();
    let pids = start_two(&sandbox).await;
    // By somebody who only knows its name, as `hubprobe sandbox down` does.
    let again = Sandbox::find(&stage.places, "along").unwrap().unwrap();
    assert_eq!(again.fronts().len(), 2);
    let down = again.down().await.unwrap();
    assert!(pids.iter().all(|pid| !lives(*pid)));
    let fronts = down.ended.iter().filter(|(_, what)| what == "front");
    assert_eq!(fronts.count(), 2, "{down:?}");
    assert!(!Path::new(sandbox.dir()).exists());
}

async fn a_sweep_finds_them(stage: &Stage) {
    let spec = Spec {
        dies_with_parent: false,
        ..spec("swept")
    };
    let sandbox = Sandbox::up(&stage.places, &spec, &mut |_| ())
        .await
        .unwrap();
    let pids = start_two(&sandbox).await;
    sandbox.stop_hub(true).await.unwrap();
    assert!(pids.iter().all(|pid| lives(*pid)));
    let swept = sweep(&stage.places).await.unwrap();
    assert!(swept.iter().any(|one| one.name == "swept"), "{swept:?}");
    assert!(pids.iter().all(|pid| !lives(*pid)));
}

async fn start_two(sandbox: &Sandbox) -> Vec<u32> {
    let mut pids = Vec::new();
    for fault in ["good", "delay:1"] {
        let front = sandbox
            .front(&fault.parse().unwrap(), &own())
            .await
            .unwrap();
        pids.push(front.pid());
    }
    pids
}
