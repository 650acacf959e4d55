//! configurable-http-proxy from npm, at the versions of the lock file.

use std::path::Path;

use crate::npm::{self, Installed, Package};
use crate::run::Tell;
use crate::{Error, Node};

/// The proxy.
const PROXY: Package<'_> = Package {
    name: "configurable-http-proxy",
    directory: "chp",
    package: include_str!("../proxy/package.json"),
    lock: include_str!("../proxy/package-lock.json"),
    script: "configurable-http-proxy/bin/configurable-http-proxy",
};

/// The proxy, installed if it is not there yet.
pub(crate) async fn ensure(cache: &Path, node: Node, tell: Tell<'_>) -> Result<Installed, Error> {
    npm::ensure(cache, &PROXY, node, tell).await
}

#[cfg(test)]
mod tests {
    use super::PROXY;

    #[test]
    fn the_lock_file_names_no_host() {
        let lock: serde_json::Value = serde_json::from_str(PROXY.lock).unwrap();
        let packages = lock["packages"].as_object().unwrap();
        assert!(packages.len() > 10);
        for (name, package) in packages {
            assert!(
                package.get("resolved").is_none(),
                "{name} is bound to a registry"
            );
            assert!(
                name.is_empty() || package.get("integrity").is_some(),
                "{name} could be anything"
            );
        }
    }
}
