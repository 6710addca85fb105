//! The README's pictures: screens of a real run, drawn as SVG. What a service told a
//! console stands in the `.frame` files, byte for byte.

mod svg;

use std::{env, fs, path::PathBuf};

use prost::Message;

use self::svg::svg;
use super::*;

/// Takes the pictures as they are drawn now, as `INSTA_UPDATE=always` does for snapshots.
const UPDATE: &str = "HOLDOVER_UPDATE_PICTURE";

struct Picture {
    name: &'static str,
    /// What the service is, then what it told before each of the steps.
    frame: &'static [u8],
    /// What is typed after each thing that it told; `*` goes to a row of several that will
    /// let go by themselves.
    steps: &'static [&'static str],
    rows: u16,
    /// Whether what was told is worth a picture, step by step.
    is_good: fn(&v1::Update) -> bool,
}

const PICTURES: [Picture; 3] = [
    Picture {
        name: "leaks",
        frame: include_bytes!("picture/leaks.frame"),
        steps: &["*"],
        rows: 32,
        is_good: several_leak,
    },
    Picture {
        name: "story",
        frame: include_bytes!("picture/story.frame"),
        steps: &["*\n", ""],
        rows: 25,
        is_good: |update| match &update.story {
            Some(story) => story.events.len() > 3 && !story.holdings.is_empty(),
            None => several_leak(update),
        },
    },
    Picture {
        name: "tree",
        frame: include_bytes!("picture/tree.frame"),
        steps: &["2t", "jjj"],
        rows: 30,
        is_good: |update| several_leak(update) || update.branches.len() > 20,
    },
];

fn several_leak(update: &v1::Update) -> bool {
    let live = |it: &&v1::LeakGroup| !it.cleared;
    let counts = update.groups.iter().any(|it| !it.cleared && it.count > 1);
    counts && update.groups.iter().filter(live).count() > 3
}

fn file(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn go(model: &mut Model, now: Instant, keys: &str) {
    for key in keys.split_inclusive('*') {
        press(model, now, key.trim_end_matches('*'));
        let is_there = |model: &Model| {
            model.leaks.selected().is_some_and(|it| it.goes_ns.is_some() && it.count > 1)
        };
        while key.ends_with('*') && !is_there(model) {
            let line = model.leaks.selected_index();
            press(model, now, "j");
            assert_ne!(model.leaks.selected_index(), line, "no such group in the frame");
        }
    }
}

#[test]
fn the_readmes_pictures_are_what_is_drawn() {
    for Picture { name, mut frame, steps, rows, .. } in PICTURES {
        let (mut model, now) = (Model::new("127.0.0.1:6669".into()), Instant::now());
        let described = v1::DescribeResponse::decode_length_delimited(&mut frame).expect("who");
        model.apply(Event::Connected(Box::new(described)), now);
        for keys in steps {
            let update = v1::Update::decode_length_delimited(&mut frame).expect("what");
            model.apply(Event::Update(Box::new(Answer { view: model.view(), update })), now);
            go(&mut model, now, keys);
        }
        let drawn = svg(draw(&model, theme(), now, (120, rows)).backend().buffer());
        let file = file("../docs").join(name).with_extension("svg");
        if env::var_os(UPDATE).is_some() {
            fs::write(&file, &drawn).expect("it is written");
        }
        let committed = fs::read_to_string(&file).unwrap_or_default();
        assert!(committed == drawn, "docs/{name}.svg is old; look at it after {UPDATE}=1");
    }
}

/// Makes the frames, of a service that leaks in several ways:
/// `HOLDOVER_GRACE=500ms cargo run -p holdover-examples --example all`.
#[tokio::test]
#[ignore = "needs a service that runs on 127.0.0.1:6669"]
async fn record_the_frames() {
    for Picture { name, steps, is_good, .. } in PICTURES {
        let address = crate::client::Address::default();
        let (mut client, described) = crate::client::connect(&address).await.expect("it answers");
        let (mut model, now) = (Model::new(String::new()), Instant::now());
        let mut frame = described.encode_length_delimited_to_vec();
        model.apply(Event::Connected(Box::new(described)), now);
        for keys in steps {
            let request = v1::WatchRequest { view: Some(model.view()) };
            let mut updates = client.watch(request).await.expect("updates").into_inner();
            let update = loop {
                let update = updates.message().await.expect("an update").expect("one more");
                if is_good(&update) {
                    break update;
                }
            };
            frame.extend(update.encode_length_delimited_to_vec());
            model.apply(Event::Update(Box::new(Answer { view: model.view(), update })), now);
            go(&mut model, now, keys);
        }
        let file = file("src/view/tests/picture").join(name).with_extension("frame");
        fs::write(file, frame).expect("it is written");
    }
}
