//! Brings a sandbox up (with faults to ask for, unless it is one with JupyterLab or Slurm) and waits to be killed: what the test of a killed parent runs.
//!
//! Usage: `up CACHE STATE NAME [HUB_VERSION [lab|light|slurm [auto|pypi-node [FAULT…]]]]`. Prints progress, then `up URL`.
#![allow(clippy::print_stdout, reason = "an example speaks")]

use std::path::PathBuf;

use jupyterhub_sandbox::{NEWEST_KNOWN_GOOD, Node, Places, Progress, Sandbox, SingleUser, Spec};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |place: usize| arguments.get(place).map(String::as_str);
    let (Some(cache), Some(state), Some(name)) = (argument(0), argument(1), argument(2)) else {
        return Err(
            "usage: up CACHE STATE NAME [HUB_VERSION [lab|light|slurm [auto|pypi-node [FAULT…]]]]"
                .into(),
        );
    };
    let places = Places {
        cache: PathBuf::from(cache),
        state: PathBuf::from(state),
    };
    let spec = Spec {
        name: name.to_owned(),
        hub_version: argument(3).unwrap_or(NEWEST_KNOWN_GOOD).to_owned(),
        single_user: if argument(4) == Some("lab") {
            SingleUser::Lab
        } else {
            SingleUser::Light
        },
        node: if argument(5) == Some("pypi-node") {
            Node::FromPyPi
        } else {
            Node::Auto
        },
        faults: argument(4).is_none_or(|it| it == "light"),
        slurm: argument(4) == Some("slurm"),
        standing: arguments
            .iter()
            .skip(6)
            .map(|text| text.parse())
            .collect::<Result<_, _>>()?,
        dies_with_parent: true,
        ..Spec::default()
    };
    let begun = std::time::Instant::now();
    let sandbox = Sandbox::up(&places, &spec, &mut |progress| match progress {
        Progress::Step { what } => println!("{:7.3} {what}", begun.elapsed().as_secs_f64()),
        Progress::Line(line) => println!("        {line}"),
        _ => {}
    })
    .await?;
    println!("{:7.3} answers", begun.elapsed().as_secs_f64());
    println!("up {}", sandbox.url());
    std::future::pending::<()>().await;
    Ok(())
}
