//! Which process listens on a port of loopback, as `/proc` shows it: that somebody answers there does not say who. Linux only.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::process::Identity;

/// The state of a socket that listens (include/net/tcp_states.h).
const LISTEN: &str = "0A";

/// Whether this process listens on this port of 127.0.0.1. Never of a process that is somebody else's.
pub(crate) fn listens(process: Identity, port: u16) -> bool {
    let table = fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    let sockets = listening(&table, port);
    !sockets.is_empty() && holds_one_of(process.pid, &sockets) && process.is_alive()
}

/// The inodes of sockets that listen there. See proc_net_tcp(5): addresses are in the machine's order of bytes.
fn listening(table: &str, port: u16) -> BTreeSet<String> {
    let address = format!("{:08X}:{port:04X}", u32::from_ne_bytes([127, 0, 0, 1]));
    let inode = |line: &str| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let ours = *fields.get(1)? == address && *fields.get(3)? == LISTEN;
        fields.get(9).filter(|_| ours).map(|it| (*it).to_owned())
    };
    table.lines().filter_map(inode).collect()
}

fn holds_one_of(pid: u32, sockets: &BTreeSet<String>) -> bool {
    let Ok(open) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return false;
    };
    let inode = |path: &Path| {
        let target = fs::read_link(path).ok()?;
        let inode = target.to_str()?.strip_prefix("socket:[")?;
        Some(inode.strip_suffix(']')?.to_owned())
    };
    open.flatten()
        .filter_map(|entry| inode(&entry.path()))
        .any(|inode| sockets.contains(&inode))
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    #[test]
    fn who_listens_is_told_and_a_client_is_not_taken_for_it() {
        let me = Identity::of(std::process::id()).unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(listens(me, port));
        let child = std::process::Command::new("/bin/sleep").arg("30").spawn();
        let mut child = child.unwrap();
        let other = Identity::of(child.id()).unwrap();
        assert!(!listens(other, port));
        child.kill().unwrap();
        child.wait().unwrap();
        drop(listener);
        assert!(!listens(me, port));
    }
}
