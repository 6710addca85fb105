//! Tells a flag that nobody gave from one that was given and replaced: whether a
//! `.cargo/config.toml` of the service's gives `--cfg tokio_unstable`. It is looked for
//! from the target directory up. One that lies elsewhere, or that is made when this has
//! run, is not found, and nothing fails: cargo cannot watch for a file that is not there.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

fn main() {
    println!("cargo::rustc-check-cfg=cfg(holdover_flag_stands)");
    println!("cargo::rerun-if-changed=build.rs");
    let in_force = env::var_os("CARGO_CFG_TOKIO_UNSTABLE").is_some();
    let recorded = env::var_os("CARGO_FEATURE_CONSOLE").is_some();
    let Some(out) = env::var_os("OUT_DIR").filter(|_| recorded && !in_force) else { return };
    for config in configs(Path::new(&out)) {
        if let Some(path) = config.to_str() {
            println!("cargo::rerun-if-changed={path}");
        }
        if fs::read_to_string(&config).is_ok_and(|config| gives_the_flag(&config)) {
            println!("cargo::rustc-cfg=holdover_flag_stands");
        }
    }
}

/// The configuration files that cargo reads when it is run somewhere above `start`.
pub(crate) fn configs(start: &Path) -> impl Iterator<Item = PathBuf> {
    let names = |dir: &Path| [dir.join(".cargo/config.toml"), dir.join(".cargo/config")];
    start.ancestors().flat_map(names).filter(|path| path.is_file())
}

/// Would every build have the flag, if nothing replaced it? Only the usual spellings
/// are known: not knowing one, or a section for some targets only, means no.
pub(crate) fn gives_the_flag(config: &str) -> bool {
    let (mut table, mut key) = ("", "");
    for line in config.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if let Some(header) = line.strip_prefix('[') {
            (table, key) = (header.trim_end_matches(']').trim(), "");
        } else if !line.starts_with(['"', '\''])
            && let Some((name, _)) = line.split_once('=')
        {
            key = name.trim();
        }
        let is_rustflags = match table {
            "" => key == "build.rustflags",
            "build" | "target.'cfg(all())'" | "target.\"cfg(all())\"" => key == "rustflags",
            _ => false,
        };
        if is_rustflags && line.contains("tokio_unstable") {
            return true;
        }
    }
    false
}
