use super::*;

fn code(text: &str) -> String {
    let code = blank(text);
    assert_eq!(code.len(), text.len(), "offsets must stay");
    code.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn comments_are_blanked() {
    assert_eq!(code("a // unsafe\nb"), "a b");
    assert_eq!(code("a /* x /* y */ unsafe */ b"), "a b");
    assert_eq!(code("/// docs\n//! more\nc"), "c");
    assert_eq!(code("a /* never closed"), "a");
}

#[test]
fn strings_are_blanked_with_their_prefixes_and_quotes() {
    assert_eq!(code(r#"f("unsafe \" // x", 1)"#), "f( , 1)");
    assert_eq!(code(r##"f(r#"a "b" // c"#, b"x", br"y\", c"z")"##), "f( , , , )");
    assert_eq!(code("f(\"never closed"), "f(");
    assert_eq!(code("let r#type = number;"), "let r#type = number;");
    assert_eq!(code("let bar = rabbit(crab);"), "let bar = rabbit(crab);");
}

#[test]
fn characters_are_blanked_and_lifetimes_stay() {
    assert_eq!(code("f('\"', b'{', '\\'', 'é', '\\u{1F600}')"), "f( , b , , , )");
    assert_eq!(code("fn f<'a>(x: &'a str) -> &'static str {}"), "fn f<'a>(x: &'a str) -> &'static str {}");
}

#[test]
fn words_are_whole_identifiers() {
    let found: Vec<&str> = words("unsafe_code!(a.b_c, 1x)").map(|(_, word)| word).collect();
    assert_eq!(found, ["unsafe_code", "a", "b_c", "1x"]);
}

#[test]
fn items_behind_cfg_test_are_tests() {
    let source = Source::new(
        "extern crate alloc;\n#[cfg(test)]\nextern crate std;\nfn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n",
    );
    let test: Vec<bool> = source.lines().map(|line| line.test).collect();
    assert_eq!(test, [false, true, true, false, true, true, true, true, false]);
}

#[test]
fn arrays_in_a_signature_do_not_end_it() {
    let text = "#[cfg(test)]\nfn a(x: [u8; 4]) -> [u8; 2] {\n    b()\n}\nfn c() {}\n";
    let test: Vec<bool> = Source::new(text).lines().map(|line| line.test).collect();
    assert_eq!(test, [true, true, true, true, false]);
}

#[test]
fn a_reason_stands_right_above_and_is_not_empty() {
    let source = Source::new("// tidy: long: a table\n/// Docs.\n#[inline]\nfn a() {}\n// tidy: long:\nfn b() {}\n");
    assert!(source.has_reason_above(4, "tidy: long:"));
    assert!(!source.has_reason_above(6, "tidy: long:"));
}
