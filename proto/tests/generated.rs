//! The committed code is what the `.proto` files generate.
//!
//! `HOLDOVER_BLESS=1 cargo test -p holdover-proto` writes it instead.

use std::{fs, path::Path};

/// The files, each with its package.
const FILES: [(&str, &str); 2] = [
    ("holdover/v1/holdover.proto", "holdover.v1"),
    ("tokio_console/instrument.proto", "rs.tokio.console.instrument"),
];

fn generate(out: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = protox::compile(FILES.map(|(file, _)| file), [root]).expect("they compile");
    let mut configured = tonic_prost_build::configure().out_dir(out).build_transport(false);
    for (_, package) in FILES {
        configured = configured
            .client_mod_attribute(package, "#[cfg(feature = \"client\")]")
            .server_mod_attribute(package, "#[cfg(feature = \"server\")]");
    }
    configured.compile_fds(files).expect("it generates");
}

#[test]
fn committed_code_is_current() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    generate(dir.path());
    for (proto, package) in FILES {
        let file = format!("{package}.rs");
        let fresh = fs::read_to_string(dir.path().join(&file)).expect("a generated file");
        let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/generated").join(&file);
        if std::env::var_os("HOLDOVER_BLESS").is_some() {
            fs::write(&committed, &fresh).expect("it can be written");
        }
        let current = fs::read_to_string(&committed).unwrap_or_default();
        assert!(
            fresh == current,
            "the committed code is not what {proto} generates: run HOLDOVER_BLESS=1 cargo test -p holdover-proto"
        );
    }
}
