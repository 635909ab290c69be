use proptest::prelude::*;

use super::*;

fn shown(text: &str) -> String {
    Filter::parse(text).map_or_else(|error| error.sentence().to_owned(), |filter| filter.to_string())
}

#[test]
fn filters_of_the_rfc_and_of_providers_are_read() {
    // RFC 7644 §3.4.2.2 has the first ones.
    for (text, read) in [
        (r#"userName eq "bjensen""#, None),
        (r#"name.familyName co "O'Malley""#, None),
        (r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J""#, None),
        ("title pr", None),
        (r#"meta.lastModified gt "2011-05-13T04:42:34Z""#, None),
        (r#"title pr and userType eq "Employee""#, None),
        (r#"title pr or userType eq "Intern""#, None),
        (r#"userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")"#, None),
        (r#"userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")"#, None),
        (r#"userType eq "Employee" and emails[type eq "work" and value co "@example.com"]"#, None),
        (r#"emails[type eq "work" and value co "@e.com"] or ims[type eq "xmpp" and value co "@f.com"]"#, None),
        // By its grammar no space follows "not", and precedence is not, and, or.
        ("not(active eq true)", Some("not (active eq true)")),
        ("a pr or b pr and c pr", None),
        ("(a pr or b pr) and c pr", None),
        ("a pr and (b pr and c pr)", None),
        ("((a pr))", Some("a pr")),
        (r#"userName EQ "x" AND active Eq True"#, Some(r#"userName eq "x" and active eq true"#)),
        ("  userName\tpr  ", Some("userName pr")),
        (r#"emails[type eq "work"].value eq "x""#, Some(r#"emails[type eq "work" and value eq "x"]"#)),
        (r#"members.$ref ew "/1""#, None),
        ("not pr", None),
        ("x eq -1.5", None),
        (r#"x eq "\"\\\n""#, None),
        ("x eq null and y ne false", None),
        ("(x eq 1)and(y eq 2)", Some("x eq 1 and y eq 2")),
    ] {
        assert_eq!(shown(text), read.unwrap_or(text));
    }
}

#[test]
fn what_is_no_filter_says_where() {
    for (text, place) in [
        ("", "character 1"),
        ("userName", "character 9"),
        ("userName eq", "character 12"),
        ("userName eq x", "character 13"),
        ("userName eq \"x", "character 13"),
        ("userName eq \"x\" y", "character 17"),
        ("userName is \"x\"", "character 10"),
        ("userName prx", "character 10"),
        ("(a pr", "character 6"),
        ("a[b pr", "character 7"),
        ("a[b[c pr]]", "character 4"),
        ("a[]", "character 3"),
        ("a.b.c pr", "character 1"),
        ("1a pr", "character 1"),
        ("and", "character 4"),
        ("é pr", "character 1"),
        (r#"a eq "\u0000""#, "character 6"),
        (r#"a eq "\ud800""#, "character 6"),
    ] {
        let error = Filter::parse(text).expect_err(text);
        assert_eq!(error.code(), "invalid_filter", "{text}");
        assert!(error.sentence().contains(&format!("At {place} ")), "{text}: {error}");
    }
}

#[test]
fn there_are_bounds() {
    let nested = |depth: usize| format!("{}a pr{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Filter::parse(&nested(DEEPEST - 1)).is_ok());
    assert!(Filter::parse(&nested(DEEPEST)).is_err());
    assert!(Filter::parse(&"(".repeat(LONGEST)).is_err());
    let many = |count: usize| vec!["a pr"; count].join(" or ");
    assert!(Filter::parse(&many(MOST)).is_ok());
    assert!(Filter::parse(&many(MOST + 1)).is_err());
    assert!(Filter::parse(&format!("a eq \"{}\"", "x".repeat(LONGEST))).is_err());
}

#[test]
fn paths_are_read() {
    for (text, attribute, filter, sub) in [
        ("members", "members", None, None),
        ("name.familyName", "name", None, None),
        (r#"emails[type eq "work"]"#, "emails", Some(r#"type eq "work""#), None),
        (r#"emails[type eq "work"].value"#, "emails", Some(r#"type eq "work""#), Some("value")),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value", "manager", None, None),
    ] {
        let path = Path::parse(text).expect(text);
        assert_eq!((path.name.attribute.as_str(), path.sub.as_deref()), (attribute, sub));
        assert_eq!(path.filter.map(|filter| filter.to_string()).as_deref(), filter);
    }
    for text in ["", "a b", "a[", "a[b pr", "a[b pr].", "a[b pr]c", "a[b pr].c.d", "[a pr]", "a]"] {
        assert_eq!(Path::parse(text).expect_err(text).code(), "invalid_path", "{text}");
    }
}

fn name() -> impl Strategy<Value = Name> {
    let word = || "[a-zA-Z$][a-zA-Z0-9_-]{0,8}";
    let schema = prop::option::of("urn(:[a-z0-9.-]{1,6}){1,4}");
    (schema, word(), prop::option::of(word())).prop_map(|(schema, attribute, sub)| Name { schema, attribute, sub })
}

fn leaf() -> impl Strategy<Value = Filter> {
    let literal = prop_oneof![
        any::<String>().prop_map(|text| Literal::Text(text.replace('\0', ""))),
        any::<i64>().prop_map(|number| Literal::Number(number.into())),
        any::<bool>().prop_map(Literal::Bool),
        Just(Literal::Null),
    ];
    let comparison = prop::sample::select(Comparison::ALL.map(|(_, comparison)| comparison).to_vec());
    prop_oneof![
        name().prop_map(Filter::Present),
        (name(), comparison, literal)
            .prop_map(|(name, comparison, literal)| Filter::Compare(name, comparison, literal)),
    ]
}

fn joined(inner: impl Strategy<Value = Filter> + Clone + 'static) -> impl Strategy<Value = Filter> {
    prop_oneof![
        prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::Or),
        prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::And),
        inner.prop_map(|filter| Filter::Not(Box::new(filter))),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    let inner = leaf().prop_recursive(3, 12, 3, joined);
    let values = (name(), inner).prop_map(|(name, inner)| Filter::Values(name, Box::new(inner)));
    prop_oneof![leaf(), values].prop_recursive(4, 24, 3, joined)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_as_it_was(filter in filter()) {
        let text = filter.to_string();
        prop_assert_eq!(Filter::parse(&text).map_err(|error| error.sentence().to_owned()), Ok(filter), "{}", text);
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = (Filter::parse(&text), Path::parse(&text));
    }

    /// Nearer to the grammar than any text.
    #[test]
    fn no_words_of_the_grammar_make_it_panic(words in prop::collection::vec(prop::sample::select(vec![
        "userName", "emails", "and", "or", "not", "(", ")", "[", "]", ".", "eq", "pr", "co", "\"", "\\", "\"x\"", "1", "-",
        "true", "null", ":", "urn:", "é", "\u{1F600}", " ", "$",
    ]), 0..24)) {
        let text = words.concat();
        if let Ok(filter) = Filter::parse(&text) {
            prop_assert_eq!(Filter::parse(&filter.to_string()).ok(), Some(filter));
        }
        let _ = Path::parse(&text);
    }
}
