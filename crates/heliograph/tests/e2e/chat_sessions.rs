//! Several clients as one user, who stays when they are gone and the server was stopped: docs/chat.md.

use crate::support::Running;
use crate::support::chat::{Client, ON_ANY_PORT, address, chat};
use std::net::SocketAddr;

/// Another client of ann's, when it is told of the room.
fn another(at: SocketAddr) -> Client {
    let mut client = Client::connect(at);
    for line in ["PASS :ann:correct horse", "NICK ann", "USER ann 0 * :Ann"] {
        client.say(line);
    }
    client.hear(" 001 ann ");
    client.hear(" JOIN #room");
    client.hear(" 366 ann #room ");
    client
}

#[test]
fn two_clients_are_one_user_who_stays() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Running::start(&mut chat(dir.path(), ON_ANY_PORT));
    let at = address(&mut serving);
    let (mut ann, mut bob) = (Client::join(at, "ann"), Client::join(at, "bob"));
    ann.say("REGISTER * * :correct horse");
    ann.hear("REGISTER SUCCESS ann");
    ann.say("ACCOUNT SET ALWAYS-ON ON");
    ann.hear("You stay while no client of yours is here");
    let mut phone = another(at);
    phone.say("PRIVMSG #room :from my phone");
    let told = ":ann!ann@127.0.0.1 PRIVMSG #room :from my phone";
    assert_eq!((ann.hear("PRIVMSG"), bob.hear("PRIVMSG")), (told.to_owned(), told.to_owned()));
    phone.say("QUIT");
    phone.hear("ERROR");
    ann.say("QUIT");
    ann.hear("ERROR");
    bob.say("PRIVMSG ann :there?");
    assert_eq!(bob.hear(" 301 "), ":helio.local 301 bob ann :*");
    bob.say("PRIVMSG #room :while you slept");
    bob.say("PING kept");
    bob.hear("PONG");
    serving.stop();

    let mut serving = Running::start(&mut chat(dir.path(), ON_ANY_PORT));
    let at = address(&mut serving);
    let mut bob = Client::join(at, "bob");
    bob.say("WHOIS ann");
    assert_eq!(bob.hear(" 319 "), ":helio.local 319 bob ann :#room");
    let mut ann = another(at);
    ann.hear("while you slept");
    ann.say("PRIVMSG #room :good morning");
    assert_eq!(bob.hear("good morning"), ":ann!ann@127.0.0.1 PRIVMSG #room :good morning");
}
