use super::*;
use proptest::prelude::*;

/// RFC 5802 §5.1: both forms of a header, an escaped name, an extension that is not mandatory.
#[test]
fn first_messages_of_clients() {
    let taken = |text: &str| {
        let first = ClientFirst::parse(text.as_bytes()).unwrap();
        assert_eq!(first.encode(), text);
        (first.header, first.authzid, first.name, first.nonce)
    };
    let owned = str::to_owned;
    assert_eq!(taken("n,,n=user,r=abc"), (owned("n,,"), None, owned("user"), owned("abc")));
    assert_eq!(taken("y,,n=user,r=abc,x=1,y=a=b"), (owned("y,,"), None, owned("user"), owned("abc")));
    let (header, authzid, name, _) = taken("n,a=bo=2Cb,n=a=2Cn=3D2Cn,r=abc");
    assert_eq!((&*header, authzid.as_deref(), &*name), ("n,a=bo=2Cb,", Some("bo,b"), "a,n=2Cn"));
}

#[test]
fn first_messages_that_are_refused() {
    let refused = |text: &str| ClientFirst::parse(text.as_bytes()).unwrap_err();
    for text in ["p=tls-exporter,,n=user,r=abc", "p=x,a=b,n=user,r=abc"] {
        assert_eq!(refused(text), MessageError::ChannelBinding, "{text}");
    }
    for text in ["n,,m=x,n=user,r=abc", "n,,n=user,m=x,r=abc", "n,,n=user,r=abc,m=x"] {
        assert_eq!(refused(text), MessageError::Extension, "{text}");
    }
    for text in [
        "",
        "n",
        "n,,",
        "n,n=user,r=abc",
        "N,,n=user,r=abc",
        "n,b=x,n=user,r=abc",
        "n,a=,n=user,r=abc",
        "n,,r=abc,n=user",
        "n,,n=,r=abc",
        "n,,n=user",
        "n,,n=user,r=",
        "n,,n=user,r=a c",
        "n,,n=user,r=aéc",
        "n,,n=us=er,r=abc",
        "n,,n=us=2cer,r=abc",
        "n,,n=us=,r=abc",
        "n,,n=us\0er,r=abc",
        "n,,n=user,r=abc,",
        "n,,n=user,r=abc,xy=1",
        "n,,n=user,r=abc,x=",
        "n,,n=user,r=abc,1=x",
    ] {
        assert_eq!(refused(text), MessageError::Malformed, "{text}");
    }
    assert_eq!(ClientFirst::parse(b"n,,n=\xff,r=abc"), Err(MessageError::Malformed));
}

#[test]
fn parts_end_at_their_bounds() {
    let first = |name: usize, nonce: usize| format!("n,,n={},r={}", "n".repeat(name), "r".repeat(nonce));
    let parsed = |text: &str| ClientFirst::parse(text.as_bytes()).is_ok();
    assert!(parsed(&first(limits::SASL_NAME, limits::SCRAM_NONCE)));
    assert!(!parsed(&first(limits::SASL_NAME + 1, 1)));
    assert!(!parsed(&first(1, limits::SCRAM_NONCE + 1)));
    let challenge = |bytes: usize| format!("r=abc,s={},i=4096", base64::encode(&alloc::vec![1; bytes]));
    assert!(ServerFirst::parse(&challenge(limits::SCRAM_SALT)).is_ok());
    assert_eq!(ServerFirst::parse(&challenge(limits::SCRAM_SALT + 1)), Err(MessageError::Malformed));
}

#[test]
fn first_messages_of_servers() {
    let first = ServerFirst::parse("r=abcd,s=QSXCR+Q6sek8bf92,i=4096,x=y").unwrap();
    assert_eq!((&*first.nonce, first.salt.len(), first.iterations), ("abcd", 12, 4096));
    assert_eq!(ServerFirst::parse("m=x,r=abcd,s=QSXCR+Q6sek8bf92,i=4096"), Err(MessageError::Extension));
    for text in [
        "",
        "e=other-error",
        "r=abcd,s=QSXCR+Q6sek8bf92",
        "r=abcd,s=QSXCR,i=4096",
        "r=abcd,s=,i=4096",
        "r=abcd,s=QSXCR+Q6sek8bf92,i=0",
        "r=abcd,s=QSXCR+Q6sek8bf92,i=04096",
        "r=abcd,s=QSXCR+Q6sek8bf92,i=+4096",
        "r=abcd,s=QSXCR+Q6sek8bf92,i=-1",
        "r=abcd,s=QSXCR+Q6sek8bf92,i=4294967296",
    ] {
        assert_eq!(ServerFirst::parse(text), Err(MessageError::Malformed), "{text}");
    }
}

#[test]
fn last_messages() {
    let key = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    let last = ClientFinal::parse(format!("c=biws,r=abcd,x=y,p={key}").as_bytes()).unwrap();
    assert_eq!((&*last.header, &*last.nonce, &*last.without_proof), (&b"n,,"[..], "abcd", "c=biws,r=abcd,x=y"));
    assert_eq!(ClientFinal::encode(&last.without_proof, &last.proof), format!("c=biws,r=abcd,x=y,p={key}"));
    let client = |text: String| ClientFinal::parse(text.as_bytes()).map(|_| ());
    assert_eq!(client(format!("c=biws,r=abcd,m=y,p={key}")), Err(MessageError::Extension));
    for text in [
        format!("c=biws,r=abcd,p={key},x=y"),
        format!("c=biws,p={key}"),
        format!("r=abcd,c=biws,p={key}"),
        format!("c=biw,r=abcd,p={key}"),
        "c=biws,r=abcd,p=biws".to_owned(),
        String::new(),
    ] {
        assert_eq!(client(text.clone()), Err(MessageError::Malformed), "{text}");
    }
    let server = |text: &str| ServerFinal::parse(text.as_bytes());
    assert_eq!(server(&format!("v={key},x=y")), Ok(ServerFinal::Verifier(last.proof)));
    assert_eq!(server("e=unknown-user"), Ok(ServerFinal::Error("unknown-user".to_owned())));
    assert_eq!(server("m=x"), Err(MessageError::Extension));
    for text in ["", "v=", "v=biws", "e=", "x=y", "e=a,"] {
        assert_eq!(server(text), Err(MessageError::Malformed), "{text}");
    }
}

/// Texts near the grammar, and any bytes.
fn near_messages() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "([npyacmrsivex]?=?(biws|2C|3D|[a-z,=0-9é\0]{0,3}),?){0,8}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..60),
    ]
}

proptest! {
    #[test]
    fn any_bytes_are_taken_or_refused(bytes in near_messages()) {
        if let Ok(first) = ClientFirst::parse(&bytes) {
            prop_assert_eq!(first.encode().into_bytes(), &*bytes);
        }
        if let Ok(last) = ClientFinal::parse(&bytes) {
            prop_assert_eq!(ClientFinal::encode(&last.without_proof, &last.proof).into_bytes(), &*bytes);
        }
        if let Ok(first) = text(&bytes).and_then(ServerFirst::parse) {
            prop_assert_eq!(ServerFirst::parse(&first.encode()), Ok(first));
        }
        let _: Result<ServerFinal, MessageError> = ServerFinal::parse(&bytes);
    }

    #[test]
    fn names_come_back(given in "[a=,2CD3é]{1,20}", authzid in prop::option::of("[a=,2CD3é]{1,20}")) {
        let first = ClientFirst::new(&given, authzid.as_deref(), "abc");
        prop_assert_eq!(ClientFirst::parse(first.encode().as_bytes()), Ok(first));
    }
}
