//! The committed code is what the `.proto` file generates.
//!
//! `HOLDOVER_BLESS=1 cargo test -p holdover-proto` writes it instead.

use std::{fs, path::Path};

fn generate(out: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = protox::compile(["holdover/v1/holdover.proto"], [root]).expect("it compiles");
    tonic_prost_build::configure()
        .out_dir(out)
        .client_mod_attribute("holdover.v1", "#[cfg(feature = \"client\")]")
        .server_mod_attribute("holdover.v1", "#[cfg(feature = \"server\")]")
        .build_transport(false)
        .compile_fds(files)
        .expect("it generates");
}

#[test]
fn committed_code_is_current() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    generate(dir.path());
    let fresh = fs::read_to_string(dir.path().join("holdover.v1.rs")).expect("a generated file");
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/generated/holdover.v1.rs");
    if std::env::var_os("HOLDOVER_BLESS").is_some() {
        fs::write(&committed, &fresh).expect("it can be written");
    }
    let current = fs::read_to_string(&committed).expect("the committed file");
    assert!(
        fresh == current,
        "the committed code is not what holdover.proto generates: run HOLDOVER_BLESS=1 cargo test -p holdover-proto"
    );
}
