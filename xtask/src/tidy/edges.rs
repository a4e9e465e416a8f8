//! Dependencies between our own crates point one way.

use super::Finding;
use super::tree::{Tree, dependencies};

/// Each crate of ours and the crates of ours that it may depend on, tests included.
///
/// net uses core for its vocabulary alone: time, limits, and what the session contract names.
const ALLOWED: &[(&str, &[&str])] = &[
    ("helio-core", &[]),
    ("helio-net", &["helio-core"]),
    ("helio-drive", &["helio-core", "helio-net"]),
    ("helio-store", &["helio-core"]),
    ("helio-server", &["helio-core", "helio-net", "helio-drive", "helio-store"]),
    ("helio-client", &["helio-core", "helio-net", "helio-drive"]),
    ("heliograph", &["helio-core", "helio-net", "helio-server", "helio-client"]),
    ("xtask", &[]),
];

/// Crates of ours without a row in the table, and edges that the table does not have.
pub(super) fn find(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (folder, manifest) in tree.packages() {
        let path = format!("{folder}/Cargo.toml");
        let name = folder.rsplit('/').next().unwrap_or(folder);
        let Some((_, allowed)) = ALLOWED.iter().find(|(row, _)| *row == name) else {
            findings.push(Finding::file(&path, format!("{name} has no row in the table of allowed dependencies")));
            continue;
        };
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for dependency in dependencies(manifest, kind) {
                let ours = ALLOWED.iter().any(|(row, _)| *row == dependency);
                if ours && !allowed.contains(&dependency) && dependency != name {
                    findings.push(Finding::file(&path, format!("{name} must not depend on {dependency} ({kind})")));
                }
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::find;
    use crate::tidy::judge;

    #[test]
    fn allowed_edges_pass() {
        let files = [
            ("crates/helio-core/Cargo.toml", "[dependencies]\nserde.workspace = true\n"),
            ("crates/helio-net/Cargo.toml", "[dependencies]\nhelio-core.workspace = true\n"),
            ("crates/heliograph/Cargo.toml", "[dependencies]\nhelio-server.workspace = true\n"),
        ];
        assert_eq!(judge(find, &files), [""; 0]);
    }

    #[test]
    fn an_edge_against_the_direction_fails_in_every_kind_of_dependency() {
        let text =
            "[dev-dependencies]\nhelio-server.workspace = true\n[target.'cfg(unix)'.dependencies]\nhelio-net = {}\n";
        assert_eq!(
            judge(find, &[("crates/helio-core/Cargo.toml", text)]),
            [
                "crates/helio-core/Cargo.toml: helio-core must not depend on helio-net (dependencies)",
                "crates/helio-core/Cargo.toml: helio-core must not depend on helio-server (dev-dependencies)",
            ]
        );
    }

    #[test]
    fn a_new_crate_needs_a_row() {
        assert_eq!(
            judge(find, &[("crates/helio-extra/Cargo.toml", "")]),
            ["crates/helio-extra/Cargo.toml: helio-extra has no row in the table of allowed dependencies"]
        );
    }
}
