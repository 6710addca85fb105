use super::*;

/// What a file with this text and these variables set.
fn read(text: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("holdover.toml");
    std::fs::write(&path, text).expect("a file");
    let config = Config::of_files(|name| match name {
        "HOLDOVER_CONFIG" => Some(path.clone().into()),
        name => variables.iter().find(|(it, _)| *it == name).map(|(_, value)| value.into()),
    });
    config.map_err(|Problem(why)| {
        why.strip_prefix(&format!("{}:", path.display())).unwrap_or(&why).to_owned()
    })
}

const WHOLE: &str = r#"
address = ["127.0.0.1:7000", "unix:/run/orders.sock"]
theme = "high-contrast"
ascii = true
interval = "1s"
editor = "code --wait"
source-roots = ["/build=/src"]

[filters]
mine = "loc:src/ -name:health"

[columns]
leaks = "task holds since"

[sort]
tasks = "-polls"
"#;

#[test]
fn everything_can_be_set_in_the_file() {
    let config = read(WHOLE, &[("EDITOR", "nano")]).expect("it is right");
    let set = |line| From::File(line);
    assert_eq!(config.addresses.value.len(), 2);
    assert_eq!((config.look.value, config.look.from), (Look::HighContrast, set(3)));
    assert_eq!(config.ascii, Setting { value: true, from: set(4) });
    assert_eq!(config.interval.value, Duration::from_secs(1));
    assert_eq!(config.editor, Setting { value: "code --wait".into(), from: set(6) });
    assert_eq!(config.source_roots.value[0].to_string(), "/build=/src");
    assert_eq!(config.filters["mine"].from, set(10));
    let columns = &config.columns[&Listing::Leaks];
    assert_eq!((columns.value.names().as_str(), columns.from), ("task holds since", set(13)));
    assert_eq!(config.sort[&Listing::Tasks], Setting { value: "-polls".into(), from: set(16) });
    let mut shown = Vec::new();
    config.show(Chosen::default(), &mut shown).expect("it is written");
    let shown = String::from_utf8(shown).expect("text");
    let row = |name: &str| shown.lines().find(|line| line.starts_with(name)).expect("a row");
    assert!(row("theme").contains("high-contrast") && row("theme").ends_with("holdover.toml:3"));
    assert!(row("filters.mine").contains("loc:src/ -name:health"), "{shown}");
}

#[test]
fn the_column_of_targets_is_said_only_where_several_are_set() {
    let folder = tempfile::tempdir().expect("a folder");
    let chosen = folder.path().join("columns");
    std::fs::write(&chosen, "tasks\tid -target task\ntree\t-target\nleaks\t-n -target\n")
        .expect("a file");
    let set = "[columns]\nevents = \"target ago what\"\n";
    let told = |addresses: &str| {
        let config = read(&format!("address = {addresses}\n{set}"), &[]).expect(addresses);
        let mut out = Vec::new();
        config
            .show(Chosen { columns: Some(&chosen), orders: None }, &mut out)
            .expect("it is written");
        String::from_utf8(out).expect("text")
    };
    let one = told("\"127.0.0.1:1\"");
    assert!(!one.contains("target"), "{one}");
    // Of these only what several are called was chosen.
    assert!(!one.contains("columns.tasks") && !one.contains("columns.tree"), "{one}");
    assert!(one.contains("columns.leaks   verdict task") && one.contains("ago what"), "{one}");
    let several = told("[\"127.0.0.1:1\", \"127.0.0.1:2\"]");
    assert!(several.contains("target ago what"), "{several}");
    assert!(several.contains("columns.tasks"), "{several}");
}

#[test]
fn each_table_that_has_columns_can_be_set() {
    for listing in Listing::ALL {
        let names = Layout::usual(&listing.columns(80)).names();
        let text = format!("[columns]\n{} = \"{names}\"", listing.name());
        let config = read(&text, &[]).expect(&text);
        assert_eq!(config.columns[&listing].value.names(), names);
    }
    for (name, order) in
        [("leaks", "-count"), ("tasks", "-polls"), ("pools", "label"), ("process", "age")]
    {
        read(&format!("[sort]\n{name} = \"{order}\""), &[]).expect(name);
    }
}

#[test]
fn what_is_wrong_is_said_with_its_line_its_column_and_what_was_expected() {
    for (text, expected) in [
        ("them = \"none\"", "1:1: unknown field `them`, expected one of `address`, `theme`"),
        (
            "ascii = true\ntheme = \"dark\"",
            "2:9: expected one of terminal, high-contrast, ascii, none",
        ),
        ("theme = 7", "1:9: invalid type: integer `7`, expected a string"),
        ("address = \"nowhere\"", "1:11: \"nowhere\" is no address: expected host:port"),
        ("address = [\"1\", \"x\"]", "1:11: \"x\" is no address: expected host:port"),
        ("interval = \"2h\"", "1:12: expected a duration from 50ms to 1m, such as 250ms"),
        ("editor = \"vi 'x\"", "1:10: expected a command, such as"),
        ("source-roots = \"/a\"", "1:16: expected FROM=TO, such as"),
        ("[filters]\nx = \"verdict:stack\"", "2:5: filter, column 9: `verdict` is one of stuck"),
        ("[filters]\nx = \"@y\"\ny = \"a\"", "2:5: a saved filter cannot name another"),
        ("[filters]\n\"a b\" = \"c\"", "2:1: a b: expected a name of letters"),
        ("[columns]\nleak = \"a\"", "2:1: unknown field `leak`, expected one of `leaks`, `tasks`"),
        ("[columns]\nleaks = \"a;b\"", "2:9: there is no column `a;b`; there are verdict, n,"),
        ("[columns]\ntasks = \"task task\"", "2:9: the column `task` is there twice"),
        ("[columns]\ntasks = \"id\"", "2:9: `task` must be among them: it names the rows"),
        ("[columns]\ntasks = \"\"", "2:9: `task` must be among them"),
        ("[columns]\ntasks = [\"task\"]", "2:9: invalid type: sequence, expected a string"),
        ("[sort]\nevents = \"age\"", "2:1: unknown field `events`, expected one of `leaks`"),
        ("[sort]\nleaks = \"-age_ms\"", "2:9: there is no field `age_ms`; there are verdict,"),
        ("theme = ", "1:"),
        ("theme = \"none\"\ntheme = \"none\"", "2:1: duplicate key"),
    ] {
        let said = read(text, &[]).expect_err(text);
        assert!(said.starts_with(expected), "{text}\n  {said}\n  {expected}");
    }
}

#[test]
fn the_particular_goes_before_the_general() {
    let variables = [("NO_COLOR", "1"), ("EDITOR", "nano"), ("VISUAL", "emacs")];
    let config = read("", &variables).expect("nothing is wrong");
    assert_eq!((config.look.value, config.look.from), (Look::None, From::Variable("NO_COLOR")));
    assert_eq!(
        (config.editor.value.as_str(), config.editor.from),
        ("emacs", From::Variable("VISUAL"))
    );
    let config = read("theme = \"terminal\"", &variables).expect("nothing is wrong");
    assert_eq!((config.look.value, config.look.from), (Look::Terminal, From::File(1)));
    let mut config = config;
    config.take_flags(&Flags { theme: Some(Look::None), ascii: true, ..Flags::default() });
    assert_eq!((config.look.value, config.look.from), (Look::None, From::Flag("--theme")));
    assert_eq!(config.ascii.from, From::Flag("--ascii"));
    let config = read("", &[("NO_COLOR", "")]).expect("nothing is wrong");
    assert_eq!(config.look, Setting { value: Look::Terminal, from: From::Default });
}

#[test]
fn a_locale_without_utf8_has_the_ascii_set_unless_the_file_says_otherwise() {
    let ascii = |text: &str, variables: &[(&str, &str)]| {
        let config = read(text, variables).expect("nothing is wrong");
        (config.ascii.value, config.ascii.from)
    };
    let by = From::Variable;
    assert_eq!(ascii("", &[]), (false, From::Default));
    assert_eq!(ascii("", &[("LANG", "C")]), (true, by("LANG")));
    assert_eq!(ascii("", &[("LANG", "de_DE.ISO-8859-1")]), (true, by("LANG")));
    assert_eq!(ascii("", &[("LANG", "en_US.UTF-8")]), (false, From::Default));
    assert_eq!(ascii("", &[("LANG", "C"), ("LC_CTYPE", "C.utf8")]), (false, From::Default));
    assert_eq!(ascii("", &[("LANG", "C.UTF-8"), ("LC_ALL", "POSIX")]), (true, by("LC_ALL")));
    assert_eq!(ascii("", &[("LANG", "C.UTF-8"), ("LC_ALL", "")]), (false, From::Default));
    assert_eq!(ascii("ascii = false", &[("LANG", "C")]), (false, From::File(1)));
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let named = |name: &str| (name == "HOLDOVER_CONFIG").then(|| "/nowhere/at/all.toml".into());
    let Problem(why) = Config::of_files(named).expect_err("there is none");
    assert!(why.starts_with("HOLDOVER_CONFIG names /nowhere/at/all.toml: "), "{why}");
}
