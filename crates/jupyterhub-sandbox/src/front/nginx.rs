//! Finds nginx and lays out a front's directory for it: configuration, certificates, users. The process itself is started as all
//! processes of a sandbox are.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{Ground, certificates, conf};
use crate::run::{command, on_path};
use crate::{Error, Fault, files};

/// Where it may be although PATH does not say so: only root's does on Debian.
const ELSEWHERE: [&str; 3] = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/sbin/nginx"];

/// The command line, the scheme, the authority that the client is to trust, and the ports.
type Prepared = (Vec<OsString>, &'static str, Option<PathBuf>, Vec<u16>);

/// Writes what nginx reads. The directory exists.
pub(super) async fn prepare(
    fault: &Fault,
    ground: &Ground<'_>,
    directory: &Path,
    log: &Path,
) -> Result<Prepared, Error> {
    let Some(site) = conf::site(fault, ground) else {
        return Err(Error::BadFault {
            fault: fault.to_string(),
            reason: "no front does it".to_owned(),
        });
    };
    let nginx = find(fault)?;
    let mut ca_file = None;
    if let Some(certificate) = site.certificate {
        let pems = certificates::make(certificate)?;
        files::write_private(&directory.join("chain.pem"), &pems.chain)?;
        files::write_private(&directory.join("key.pem"), &pems.key)?;
        if let Some(authority) = &pems.authority {
            let path = directory.join("ca.pem");
            files::write_private(&path, authority)?;
            ca_file = pems.told.then_some(path);
        }
    }
    // For those that ask for a password: a user of the front, not of the hub.
    files::write_private(&directory.join("users"), "front:{PLAIN}front\n")?;
    let name = log.file_name().map(|name| name.to_string_lossy());
    let log_from_here = format!("../../logs/{}", name.unwrap_or_default());
    let text = conf::text(&site, ground, &log_from_here);
    files::write_private(&directory.join("nginx.conf"), &text)?;

    let mut prefix = directory.as_os_str().to_owned();
    prefix.push("/");
    let mut arguments: Vec<OsString> = vec![
        nginx.clone().into(),
        "-p".into(),
        prefix,
        "-c".into(),
        directory.join("nginx.conf").into(),
    ];
    // Else it would try the log of the system's nginx before it has read where its own is.
    if takes_error_log(&nginx).await {
        arguments.extend(["-e".into(), log.as_os_str().to_owned()]);
    }
    let scheme = match (site.certificate, site.redirects) {
        (Some(_), false) => "https",
        _ => "http",
    };
    let ports = if site.second {
        vec![ground.port, ground.second]
    } else {
        vec![ground.port]
    };
    Ok((arguments, scheme, ca_file, ports))
}

/// The program.
pub(super) fn find(fault: &Fault) -> Result<PathBuf, Error> {
    let elsewhere = || {
        let mut elsewhere = ELSEWHERE.iter().map(PathBuf::from);
        elsewhere.find(|path| path.is_file())
    };
    on_path("nginx")
        .or_else(elsewhere)
        .ok_or_else(|| Error::NoNginx {
            fault: fault.to_string(),
        })
}

/// From nginx 1.19.5 on; Ubuntu 22.04 has an older one.
async fn takes_error_log(nginx: &Path) -> bool {
    let help = command(nginx).arg("-h").output().await;
    help.is_ok_and(|said| {
        let said = [said.stdout, said.stderr].concat();
        String::from_utf8_lossy(&said).contains("-e filename")
    })
}
