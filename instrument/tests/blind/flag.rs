//! How the build script tells a flag that was replaced from one that nobody gave.

use std::{env, fs, path::Path, process};

use crate::{
    build_script::{configs, gives_the_flag},
    harness::Check,
};

pub const CHECKS: &[Check] = &[
    Check { name: "flag::spellings", run: spellings },
    Check { name: "flag::is_looked_for_upwards", run: is_looked_for_upwards },
];

fn spellings() {
    for (config, gives) in [
        ("", false),
        ("[build]\nrustflags = [\"--cfg\", \"tokio_unstable\"]", true),
        ("[build]\nrustflags = \"--cfg tokio_unstable\"", true),
        ("build.rustflags = [\"--cfg=tokio_unstable\"] # for the console", true),
        (
            "[build]\njobs = 2\nrustflags = [\n  \"-Clink-arg=-s\", # small\n  '--cfg=tokio_unstable',\n]",
            true,
        ),
        ("[target.'cfg(all())']\nrustflags = [\"--cfg\", \"tokio_unstable\"]", true),
        ("[target.\"cfg(all())\"]\nrustflags = [\"--cfg\", \"tokio_unstable\"]", true),
        // It is not given, or not to every build.
        ("[build]\n# rustflags = [\"--cfg\", \"tokio_unstable\"]", false),
        ("[build]\nrustdocflags = [\"--cfg\", \"tokio_unstable\"]", false),
        ("[build]\nrustflags = [\"-Dwarnings\"]\nrustdocflags = [\"--cfg=tokio_unstable\"]", false),
        ("[env]\nRUSTFLAGS = \"--cfg tokio_unstable\"", false),
        ("[target.x86_64-pc-windows-msvc]\nrustflags = [\"--cfg\", \"tokio_unstable\"]", false),
        ("[build]\nrustflags = [\"--cfg\", \"other\"]\n[alias]\nrun = \"tokio_unstable\"", false),
    ] {
        assert_eq!(gives_the_flag(config), gives, "{config}");
    }
}

fn is_looked_for_upwards() {
    let root = env::temp_dir().join(format!("holdover-flag-{}", process::id()));
    let out = root.join("service/target/debug/build/holdover-0/out");
    let of = |dir: &str| root.join(dir).join(".cargo/config.toml");
    let found = || configs(&out).filter(|path| path.starts_with(&root)).collect::<Vec<_>>();
    fs::create_dir_all(&out).expect("directories of our own");
    assert_eq!(found(), [] as [&Path; 0], "a service without a configuration");
    for dir in ["", "service", "beside"] {
        fs::create_dir_all(root.join(dir).join(".cargo")).expect("directories of our own");
        fs::write(of(dir), "").expect("a file of our own");
    }
    assert_eq!(found(), [of("service"), of("")], "the nearest first, and those above");
    fs::remove_dir_all(&root).expect("directories of our own");
}
