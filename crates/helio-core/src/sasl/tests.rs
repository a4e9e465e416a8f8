//! Both ends of the exchanges against each other, and against the example of the RFC.

use super::*;
use crate::limits;
use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;

const NAME: &str = "user";
const PASSWORD: &str = "pencil";
const ITERATIONS: u32 = 4_096;
const NONCE: [u8; NONCE_BYTES] = [1; NONCE_BYTES];
const SALT: [u8; SALT_BYTES] = [2; SALT_BYTES];

fn keys(password: &str) -> ScramKeys {
    ScramKeys::derive(password, SALT, ITERATIONS).unwrap()
}

fn scram() -> ServerExchange {
    ServerExchange::new(Mechanism::ScramSha256, NONCE)
}

fn client(password: &str) -> ClientExchange {
    ClientExchange::scram_sha_256(NAME, None, password, [3; NONCE_BYTES]).unwrap()
}

fn text(message: Vec<u8>) -> String {
    String::from_utf8(message).unwrap()
}

fn challenge(step: Step) -> String {
    let Step::Challenge(challenge) = step else { panic!("no challenge: {step:?}") };
    text(challenge)
}

fn done(name: &str, authzid: Option<&str>) -> Step {
    Step::Done { name: name.to_owned(), authzid: authzid.map(str::to_owned) }
}

/// Whoever passes the messages of a SCRAM exchange on. Each message goes through `pass`, with its number.
///
/// What the client says when it is told that it is logged in comes first, the server's last step second.
fn talk(
    client: &mut ClientExchange,
    keys: &ScramKeys,
    mut pass: impl FnMut(usize, &mut Vec<u8>),
) -> (Result<(), ClientFailure>, Step) {
    let mut server = scram();
    let mut step = Step::Challenge(Vec::new());
    let mut number = 0;
    while let Step::Challenge(mut challenge) = step {
        pass(number, &mut challenge);
        let mut response = match client.handle_challenge(&challenge) {
            Ok(response) => response,
            Err(failure) => return (Err(failure), Step::Challenge(challenge)),
        };
        pass(number + 1, &mut response);
        step = server.handle_response(&response);
        if matches!(step, Step::AskKeys { .. }) {
            step = server.handle_keys(Some(keys));
        }
        number += 2;
    }
    (client.handle_success(), step)
}

/// RFC 7677 §3: the example, byte for byte, from both ends.
#[test]
fn scram_example_of_the_rfc() {
    let mut client = ClientExchange::scram_with_nonce(NAME, None, PASSWORD, "rOprNGfwEbeRWgbNEkqO").unwrap();
    let mut server = ServerExchange::with_nonce(Mechanism::ScramSha256, "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0".to_owned());
    let salt = base64::decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap().try_into().unwrap();
    let keys = ScramKeys::derive(PASSWORD, salt, ITERATIONS).unwrap();

    let first = client.handle_challenge(b"").unwrap();
    assert_eq!(text(first.clone()), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    assert_eq!(server.handle_response(&first), Step::AskKeys { name: "user".to_owned() });
    let asked = challenge(server.handle_keys(Some(&keys)));
    assert_eq!(asked, "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
    let proof = client.handle_challenge(asked.as_bytes()).unwrap();
    assert_eq!(
        text(proof.clone()),
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    );
    let verifier = challenge(server.handle_response(&proof));
    assert_eq!(verifier, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    assert_eq!(client.handle_challenge(verifier.as_bytes()).unwrap(), b"");
    assert_eq!(server.handle_response(b""), done("user", None));
    assert_eq!(client.handle_success(), Ok(()));
}

/// RFC 4616 §4, and whatever the host says of the password.
#[test]
fn plain() {
    let start = || {
        let mut client = ClientExchange::plain("Kurt", Some("Ursel"), "xipj3plmq").unwrap();
        assert_eq!(client.clone().handle_success(), Err(ClientFailure::Unproven));
        let response = client.handle_challenge(b"").unwrap();
        assert_eq!(text(response.clone()), "Ursel\0Kurt\0xipj3plmq");
        assert_eq!(client.clone().handle_challenge(b""), Err(ClientFailure::OutOfTurn));
        assert_eq!(client.handle_success(), Ok(()));
        let mut server = ServerExchange::new(Mechanism::Plain, NONCE);
        let (authcid, authzid) = ("Kurt".to_owned(), Some("Ursel".to_owned()));
        let asked = Step::AskPassword { authcid, authzid, password: "xipj3plmq".into() };
        assert_eq!(server.handle_response(&response), asked);
        server
    };
    assert_eq!(start().handle_password(true), done("Kurt", Some("Ursel")));
    assert_eq!(start().handle_password(false), Step::Failed(Failure::Credentials));
    let mut server = ServerExchange::new(Mechanism::Plain, NONCE);
    assert_eq!(server.handle_response(b"\0tim"), Step::Failed(Failure::Malformed));
}

/// RFC 4422 appendix A.
#[test]
fn external() {
    for authzid in [None, Some("ann")] {
        let mut client = ClientExchange::external(authzid).unwrap();
        let response = client.handle_challenge(b"").unwrap();
        assert_eq!(client.handle_success(), Ok(()));
        let mut server = ServerExchange::new(Mechanism::External, NONCE);
        let asked = Step::AskCertificate { authzid: authzid.map(str::to_owned) };
        assert_eq!(server.handle_response(&response), asked);
        assert_eq!(server.clone().handle_certificate(Some("Ann")), done("Ann", authzid));
        assert_eq!(server.handle_certificate(None), Step::Failed(Failure::Credentials));
    }
}

/// A host that answers what was not asked, and a client that goes on after the end, end the exchange.
#[test]
fn verbs_out_of_turn_end_the_exchange() {
    let over = Step::Failed(Failure::OutOfTurn);
    for &mechanism in Mechanism::ALL {
        let new = || ServerExchange::new(mechanism, NONCE);
        let right: &[u8] = match mechanism {
            Mechanism::Plain => b"\0tim\0pw",
            Mechanism::External => b"",
            Mechanism::ScramSha256 => b"n,,n=tim,r=abc",
        };
        let mut asked = new();
        asked.handle_response(right);
        assert_eq!(asked.clone().handle_response(right), over, "{mechanism}");
        for mut server in [new(), asked] {
            let waits_for = |step: Step| if step == over { 0 } else { 1 };
            let answers = [
                waits_for(server.clone().handle_password(true)),
                waits_for(server.clone().handle_certificate(Some("tim"))),
                waits_for(server.clone().handle_keys(Some(&keys(PASSWORD)))),
            ];
            assert!(answers.iter().sum::<i32>() <= 1, "{mechanism}: {answers:?}");
            server.handle_password(true);
            server.handle_keys(None);
            for _ in 0..2 {
                assert_eq!(server.handle_response(right), over, "{mechanism}");
            }
        }
    }
    assert_eq!(client(PASSWORD).handle_success(), Err(ClientFailure::Unproven));
    assert_eq!(client(PASSWORD).handle_challenge(b"r=x"), Err(ClientFailure::Malformed));
}

#[test]
fn a_wrong_password_and_no_account_look_alike() {
    let decoy = ScramKeys::decoy(&[9; 32], NAME, ITERATIONS);
    let mut shapes = Vec::new();
    for keys in [keys("another"), decoy] {
        let mut shape = Vec::new();
        let (outcome, step) = talk(&mut client(PASSWORD), &keys, |_, message| shape.push(message.len()));
        assert_eq!((outcome, step), (Err(ClientFailure::Unproven), Step::Failed(Failure::Credentials)));
        shapes.push(shape);
    }
    assert_eq!(shapes[0], shapes[1]);
    let mut server = scram();
    server.handle_response(b"n,,n=user,r=abc");
    assert_eq!(server.handle_keys(None), Step::Failed(Failure::Credentials));
}

#[test]
fn a_server_without_the_keys_is_refused() {
    // It takes any proof.
    let mut deceived = client(PASSWORD);
    let first = text(deceived.handle_challenge(b"").unwrap());
    let (_, nonce) = first.rsplit_once("r=").unwrap();
    deceived.handle_challenge(format!("r={nonce}x,s=QSXCR+Q6sek8bf92,i=4096").as_bytes()).unwrap();
    assert_eq!(deceived.clone().handle_success(), Err(ClientFailure::Unproven));
    let guess = format!("v={}", base64::encode(&[0; 32]));
    assert_eq!(deceived.clone().handle_challenge(guess.as_bytes()), Err(ClientFailure::WrongServer));
    let reason = "unknown-user".to_owned();
    assert_eq!(deceived.clone().handle_challenge(b"e=unknown-user"), Err(ClientFailure::Refused { reason }));
    assert_eq!(deceived.handle_challenge(b"m=x"), Err(ClientFailure::Extension));
    assert_eq!(deceived.handle_success(), Err(ClientFailure::Unproven));
}

/// RFC 5802 §5.1 `r` and `i`, RFC 7677 §4.
#[test]
fn a_client_checks_the_challenge() {
    let mut asked = client(PASSWORD);
    let first = text(asked.handle_challenge(b"").unwrap());
    let (_, nonce) = first.rsplit_once("r=").unwrap();
    let answer = |nonce: &str, iterations: u32| {
        let challenge = format!("r={nonce},s=QSXCR+Q6sek8bf92,i={iterations}");
        asked.clone().handle_challenge(challenge.as_bytes()).map(|_| ())
    };
    assert_eq!(answer(&format!("{nonce}x"), 4_096), Ok(()));
    assert_eq!(answer(nonce, 4_096), Err(ClientFailure::Nonce));
    assert_eq!(answer(&format!("x{nonce}"), 4_096), Err(ClientFailure::Nonce));
    for got in [1, limits::SCRAM_ITERATIONS_MIN - 1, limits::SCRAM_ITERATIONS_MAX + 1, u32::MAX] {
        assert_eq!(answer(&format!("{nonce}x"), got), Err(ClientFailure::Iterations { got }));
    }
}

/// RFC 5802 §6: without channel binding a client says `n`, or `y` when it could bind and thinks that we cannot; either is
/// repeated in `c`.
#[test]
fn the_header_is_bound() {
    let outcome = |header: &str, bound: &str| {
        let mut server = scram();
        server.handle_response(format!("{header}n=user,r=abc").as_bytes());
        let challenge = challenge(server.handle_keys(Some(&keys(PASSWORD))));
        let nonce = &challenge[2..challenge.find(',').unwrap()];
        let (bound, proof) = (base64::encode(bound.as_bytes()), base64::encode(&[0; 32]));
        server.handle_response(format!("c={bound},r={nonce},p={proof}").as_bytes())
    };
    for header in ["n,,", "y,,", "n,a=ann,"] {
        // The proof is what is wrong.
        assert_eq!(outcome(header, header), Step::Failed(Failure::Credentials));
        for other in ["n", "p=tls-exporter,,", "n,a=bob,", "n,,x"] {
            assert_eq!(outcome(header, other), Step::Failed(Failure::ChannelBinding));
        }
    }
    assert_eq!(outcome("y,,", "n,,"), Step::Failed(Failure::ChannelBinding));
    let mut server = scram();
    assert_eq!(server.handle_response(b"p=tls-exporter,,n=user,r=abc"), Step::Failed(Failure::ChannelBinding));
    assert_eq!(scram().handle_response(b"n,,m=x,n=user,r=abc"), Step::Failed(Failure::Extension));
}

/// Both nonces come back to the server in one attribute, so the bound is on both.
#[test]
fn the_client_may_have_what_the_bound_leaves_of_the_nonce() {
    let ours = base64::encode(&NONCE).len();
    for (length, is_taken) in [(limits::SCRAM_NONCE - ours, true), (limits::SCRAM_NONCE - ours + 1, false)] {
        let mut client = ClientExchange::scram_with_nonce(NAME, None, PASSWORD, &"r".repeat(length)).unwrap();
        let (_, step) = talk(&mut client, &keys(PASSWORD), |_, _| {});
        let expected = if is_taken { done(NAME, None) } else { Step::Failed(Failure::Malformed) };
        assert_eq!(step, expected, "{length}");
    }
}

#[test]
fn a_proof_is_good_once() {
    let mut seen = Vec::new();
    let (outcome, _) = talk(&mut client(PASSWORD), &keys(PASSWORD), |_, message| seen.push(message.clone()));
    assert_eq!(outcome, Ok(()));
    let mut server = ServerExchange::new(Mechanism::ScramSha256, [4; NONCE_BYTES]);
    server.handle_response(&seen[1]);
    server.handle_keys(Some(&keys(PASSWORD)));
    assert_eq!(server.handle_response(&seen[3]), Step::Failed(Failure::Nonce));
}

#[test]
fn what_cannot_be_sent_is_refused_before_it_is() {
    let failures = [
        ClientExchange::plain("", None, PASSWORD),
        ClientExchange::plain(NAME, Some("a\0"), PASSWORD),
        ClientExchange::scram_sha_256(&"a".repeat(256), None, PASSWORD, NONCE),
        ClientExchange::external(Some("")),
        ClientExchange::plain(NAME, None, "a\0b"),
        ClientExchange::scram_sha_256(NAME, None, "", NONCE),
    ];
    let expected = [
        ClientFailure::Identity(IdentityError::Empty),
        ClientFailure::Identity(IdentityError::Nul),
        ClientFailure::Identity(IdentityError::TooLong { bytes: 256 }),
        ClientFailure::Identity(IdentityError::Empty),
        ClientFailure::Password(PasswordError::ForbiddenCharacter),
        ClientFailure::Password(PasswordError::Empty),
    ];
    for (failure, expected) in failures.into_iter().zip(expected) {
        assert_eq!(failure.unwrap_err(), expected);
    }
}

#[test]
fn debug_shows_no_secret() {
    let mut asked = client("sesame");
    asked.handle_challenge(b"").unwrap();
    let mut server = ServerExchange::new(Mechanism::Plain, NONCE);
    let step = server.handle_response(b"\0tim\0sesame");
    for shown in [
        format!("{:?}", ClientExchange::plain("tim", None, "sesame")),
        format!("{asked:?}"),
        format!("{step:?} {server:?}"),
    ] {
        assert!(!shown.contains("sesame") && !shown.contains("115, 101, 115"), "{shown}");
    }
}

/// Every message in the order in which it is sent: two have no bytes.
#[test]
fn any_changed_byte_of_any_message_fails() {
    let keys = keys(PASSWORD);
    let mut lengths = Vec::new();
    let (outcome, step) = talk(&mut client(PASSWORD), &keys, |_, message| lengths.push(message.len()));
    assert_eq!((outcome, step), (Ok(()), done(NAME, None)));
    assert_eq!(lengths, [0, 36, 84, 104, 46, 0]);
    for (number, &length) in lengths.iter().enumerate() {
        for at in 0..=length {
            for flip in [0x01, 0x80] {
                assert_fails(&keys, number, |message| match message.get_mut(at) {
                    Some(byte) => *byte ^= flip,
                    None => message.push(flip),
                });
            }
        }
    }
}

fn assert_fails(keys: &ScramKeys, number: usize, change: impl Fn(&mut Vec<u8>)) {
    let mut changed = None;
    let (outcome, step) = talk(&mut client(PASSWORD), keys, |passed, message| {
        if passed == number {
            change(message);
            changed = Some(message.clone());
        }
    });
    let is_done = matches!(step, Step::Done { .. });
    assert!(!is_done, "message {number} as {changed:?}: {outcome:?}, {step:?}");
    // The last message is the client's word that it is content.
    assert_eq!(outcome.is_ok(), number == 5, "message {number} as {changed:?}: {step:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn both_ends_agree(
        name in "[a-z,=2CD3 é]{1,12}",
        authzid in prop::option::of("[a-z,=é]{1,12}"),
        password in "[ -~éß☃\u{a0}]{1,30}",
        other in "[ -~]{1,3}",
        nonces: ([u8; NONCE_BYTES], [u8; NONCE_BYTES]),
        salt: [u8; SALT_BYTES],
    ) {
        let keys = ScramKeys::derive(&password, salt, ITERATIONS).unwrap();
        for (given, is_right) in [(password.clone(), true), (format!("{password}{other}"), false)] {
            let authzid = authzid.as_deref();
            let mut client = ClientExchange::scram_sha_256(&name, authzid, &given, nonces.0).unwrap();
            let (outcome, step) = talk(&mut client, &keys, |_, _| {});
            prop_assert_eq!(outcome.is_ok(), is_right);
            prop_assert_eq!(step == done(&name, authzid), is_right);
        }
    }

    #[test]
    fn any_change_of_any_message_fails(
        number in 1_usize..6,
        at: prop::sample::Index,
        removed in 0_usize..4,
        added in prop::collection::vec(any::<u8>(), 0..4),
    ) {
        let keys = keys(PASSWORD);
        let (mut before, mut after) = (vec![], vec![]);
        let (_, step) = talk(&mut client(PASSWORD), &keys, |passed, message| if passed == number {
            before.clone_from(message);
            let from = at.index(message.len() + 1);
            message.splice(from..(from + removed).min(message.len()), added.iter().copied());
            after.clone_from(message);
        });
        prop_assert_eq!(step == done(NAME, None), before == after);
    }

    #[test]
    fn any_bytes_never_panic(messages in prop::collection::vec("[npyr=cvi,a-c\0é]{0,20}", 1..4)) {
        for &mechanism in Mechanism::ALL {
            let mut server = ServerExchange::new(mechanism, NONCE);
            let mut client = client(PASSWORD);
            client.handle_challenge(b"").unwrap();
            for message in &messages {
                if let Step::AskKeys { name } = server.handle_response(message.as_bytes()) {
                    server.handle_keys(Some(&ScramKeys::decoy(&[0; 32], &name, ITERATIONS)));
                }
                prop_assert!(client.handle_challenge(message.as_bytes()).is_err());
            }
            prop_assert!(client.handle_success().is_err());
        }
    }
}
