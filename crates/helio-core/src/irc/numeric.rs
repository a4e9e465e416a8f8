//! Every numeric reply, in one table (modern.ircdocs.horse "Numerics"; RFC 2812 §5 and the extensions named in the rows).

/// Makes the enum and its table: one row a numeric.
macro_rules! numerics {
    ($($(#[$doc:meta])* $code:literal $name:ident $text:literal;)*) => {
        /// A numeric reply or error.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Numeric { $($(#[$doc])* $name = $code,)* }

        impl Numeric {
            /// All of them, by code.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The code, to be sent with three digits.
            #[must_use]
            pub const fn code(self) -> u16 {
                self as u16
            }

            /// The fixed text of the last parameter; empty where that is data.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

// The names are those of the documents, in the spelling of Rust. A row's documentation says what comes between the
// client's own nickname and the text.
numerics! {
    /// `:Welcome to the <network> Network, <nick>!<user>@<host>`
    1 RplWelcome "";
    /// `:Your host is <server>, running version <version>`
    2 RplYourHost "";
    /// `:This server was created <time>`
    3 RplCreated "";
    /// `<server> <version> <user modes> <room modes> [<room modes with argument>]`
    4 RplMyInfo "";
    /// `<tokens>`
    5 RplIsupport "are supported by this server";
    /// `<server> <port>`: RPL_BOUNCE of modern.
    10 RplBounce "Please use this server and port instead";
    /// `<tokens>` of another server.
    105 RplRemoteIsupport "are supported by this server";

    /// `Link <version> <destination> <next server>`
    200 RplTraceLink "";
    /// `Try. <class> <server>`
    201 RplTraceConnecting "";
    /// `H.S. <class> <server>`
    202 RplTraceHandshake "";
    /// `???? <class> [<address>]`
    203 RplTraceUnknown "";
    /// `Oper <class> <nick>`
    204 RplTraceOperator "";
    /// `User <class> <nick>`
    205 RplTraceUser "";
    /// `Serv <class> …`
    206 RplTraceServer "";
    /// `<newtype> 0 <client>`
    208 RplTraceNewType "";
    /// `Class <class> <count>`
    209 RplTraceClass "";
    /// `<link> <sendq> <sent messages> <sent KiB> <received messages> <received KiB> <seconds open>`
    211 RplStatsLinkInfo "";
    /// `<command> <count> [<bytes> <remote count>]`
    212 RplStatsCommands "";
    /// `C <host> * <name> <port> <class>`
    213 RplStatsCLine "";
    /// `I <host> * <host> <port> <class>`
    215 RplStatsILine "";
    /// `K <host> * <user> <port> <class>`
    216 RplStatsKLine "";
    /// `P <port> <clients> <properties>`, of listeners.
    217 RplStatsPLine "";
    /// `Y <class> <ping> <connect> <sendq>`
    218 RplStatsYLine "";
    /// `<letter>`
    219 RplEndOfStats "End of /STATS report";
    /// `<modes>` of the user itself.
    221 RplUmodeIs "";
    /// `D <network> :<reason>`
    225 RplStatsDLine "";
    /// `L <host> * <name> <depth>`
    241 RplStatsLLine "";
    /// `:Server Up <n> days <h>:<mm>:<ss>`
    242 RplStatsUptime "";
    /// `O <host> * <name>`
    243 RplStatsOLine "";
    /// `H <host> * <server>`
    244 RplStatsHLine "";
    /// `<letter> :<whatever the letter is about>`
    249 RplStatsDebug "";
    /// `:Highest connection count: <n> (<n> clients)`
    250 RplStatsConn "";
    /// `:There are <n> users and <n> invisible on <n> servers`
    251 RplLuserClient "";
    /// `<count>`
    252 RplLuserOp "operator(s) online";
    /// `<count>`
    253 RplLuserUnknown "unknown connection(s)";
    /// `<count>`
    254 RplLuserChannels "channels formed";
    /// `:I have <n> clients and <n> servers`
    255 RplLuserMe "";
    /// `[<server>]`
    256 RplAdminMe "Administrative info";
    /// `:<where>`
    257 RplAdminLoc1 "";
    /// `:<where, further>`
    258 RplAdminLoc2 "";
    /// `:<address for mail>`
    259 RplAdminEmail "";
    /// `File <name> <level>`
    261 RplTraceLog "";
    /// `<server> <version>`
    262 RplTraceEnd "End of TRACE";
    /// `<command>`
    263 RplTryAgain "Please wait a while and try again.";
    /// `[<now> <max>] :Current local users <now>, max <max>`
    265 RplLocalUsers "";
    /// `[<now> <max>] :Current global users <now>, max <max>`
    266 RplGlobalUsers "";
    /// `<nick> :has client certificate fingerprint <fingerprint>`
    276 RplWhoisCertFp "";
    /// Nothing before it. SILENCE and the like.
    300 RplNone "";
    /// `<nick> :<message>`
    301 RplAway "";
    /// `:<nick>[*]=<+|-><user>@<host> …`
    302 RplUserhost "";
    /// `:<nicks>`
    303 RplIson "";
    /// Nothing before it.
    305 RplUnaway "You are no longer marked as being away";
    /// Nothing before it.
    306 RplNowAway "You have been marked as being away";
    /// `<nick>`
    307 RplWhoisRegNick "has identified for this nick";
    /// `<nick> <user> <host> * :<real name>`
    311 RplWhoisUser "";
    /// `<nick> <server> :<server's description>`
    312 RplWhoisServer "";
    /// `<nick>`
    313 RplWhoisOperator "is an IRC operator";
    /// `<nick> <user> <host> * :<real name>`
    314 RplWhowasUser "";
    /// `<mask>`
    315 RplEndOfWho "End of WHO list";
    /// `<nick> <seconds> <signon>`
    317 RplWhoisIdle "seconds idle, signon time";
    /// `<nick>`
    318 RplEndOfWhois "End of /WHOIS list";
    /// `<nick> :<prefixed rooms>`
    319 RplWhoisChannels "";
    /// `<nick> :<anything>`
    320 RplWhoisSpecial "";
    /// `Channel`
    321 RplListStart "Users  Name";
    /// `<room> <count> :<topic>`
    322 RplList "";
    /// Nothing before it.
    323 RplListEnd "End of /LIST";
    /// `<room> <modes> [<arguments>]`
    324 RplChannelModeIs "";
    /// `<room> <time>`
    329 RplCreationTime "";
    /// `<nick> <account>`
    330 RplWhoisAccount "is logged in as";
    /// `<room>`
    331 RplNoTopic "No topic is set";
    /// `<room> :<topic>`
    332 RplTopic "";
    /// `<room> <who> <time>`
    333 RplTopicWhoTime "";
    /// `<nick>`. bot-mode.
    335 RplWhoisBot "is a bot";
    /// `<room>`: a room that one is invited to (modern's RPL_INVITELIST).
    336 RplInviteList "";
    /// Nothing before it.
    337 RplEndOfInviteList "End of /INVITE list";
    /// `<nick> [<user>@<host>] [<address>]`
    338 RplWhoisActually "is actually using host";
    /// `<nick> <room>`
    341 RplInviting "";
    /// `<room> <mask> [<who> <time>]`: `+I`.
    346 RplInvexList "";
    /// `<room>`
    347 RplEndOfInvexList "End of channel invite exception list";
    /// `<room> <mask> [<who> <time>]`: `+e`.
    348 RplExceptList "";
    /// `<room>`
    349 RplEndOfExceptList "End of channel exception list";
    /// `<version> <server> :<comments>`
    351 RplVersion "";
    /// `<room> <user> <host> <server> <nick> <flags> :<hops> <real name>`
    352 RplWhoReply "";
    /// `<symbol> <room> :<prefixed nicks>`
    353 RplNamReply "";
    /// The fields that WHOX asked for.
    354 RplWhoSpcRpl "";
    /// `<mask> <server> :<hops> <description>`
    364 RplLinks "";
    /// `<mask>`
    365 RplEndOfLinks "End of /LINKS list";
    /// `<room>`
    366 RplEndOfNames "End of /NAMES list";
    /// `<room> <mask> [<who> <time>]`: `+b`.
    367 RplBanList "";
    /// `<room>`
    368 RplEndOfBanList "End of channel ban list";
    /// `<nick>`
    369 RplEndOfWhowas "End of WHOWAS";
    /// `:<text>`
    371 RplInfo "";
    /// `:- <line>`
    372 RplMotd "";
    /// Nothing before it.
    374 RplEndOfInfo "End of /INFO list";
    /// `:- <server> Message of the day - `
    375 RplMotdStart "";
    /// Nothing before it.
    376 RplEndOfMotd "End of /MOTD command.";
    /// `<nick> :is connecting from <user>@<host> <address>`
    378 RplWhoisHost "";
    /// `<nick> :is using modes <modes>`
    379 RplWhoisModes "";
    /// Nothing before it.
    381 RplYoureOper "You are now an IRC operator";
    /// `<file>`
    382 RplRehashing "Rehashing";
    /// `<server> [<time> <offset>] :<time for people>`
    391 RplTime "";
    /// `<host>`
    396 RplVisibleHost "is now your displayed host";

    /// `<command> [<subcommand>] :<what>`: an error without a numeric of its own.
    400 ErrUnknownError "Could not process the command";
    /// `<nick>`
    401 ErrNoSuchNick "No such nick/channel";
    /// `<server>`
    402 ErrNoSuchServer "No such server";
    /// `<room>`
    403 ErrNoSuchChannel "No such channel";
    /// `<room>`
    404 ErrCannotSendToChan "Cannot send to channel";
    /// `<room>`
    405 ErrTooManyChannels "You have joined too many channels";
    /// `<nick>`
    406 ErrWasNoSuchNick "There was no such nickname";
    /// `<target>`
    407 ErrTooManyTargets "Too many targets";
    /// Nothing before it.
    409 ErrNoOrigin "No origin specified";
    /// `<subcommand>`
    410 ErrInvalidCapCmd "Invalid CAP command";
    /// Nothing before it.
    411 ErrNoRecipient "No recipient given";
    /// Nothing before it.
    412 ErrNoTextToSend "No text to send";
    /// `<mask>`
    413 ErrNoTopLevel "No toplevel domain specified";
    /// `<mask>`
    414 ErrWildTopLevel "Wildcard in toplevel domain";
    /// `<command>`: the answer was cut.
    416 ErrTooManyMatches "Output too large, it was cut";
    /// Nothing before it. message-tags.
    417 ErrInputTooLong "Input line was too long";
    /// `<command>`
    421 ErrUnknownCommand "Unknown command";
    /// Nothing before it.
    422 ErrNoMotd "MOTD File is missing";
    /// `<server>`
    423 ErrNoAdminInfo "No administrative info available";
    /// Nothing before it.
    431 ErrNoNicknameGiven "No nickname given";
    /// `<nick>`
    432 ErrErroneusNickname "Erroneous nickname";
    /// `<nick>`
    433 ErrNicknameInUse "Nickname is already in use";
    /// `<nick>`
    436 ErrNickCollision "Nickname collision";
    /// `<nick or room>`
    437 ErrUnavailResource "Nick/channel is temporarily unavailable";
    /// `<nick>`
    438 ErrNickTooFast "Nick change too fast, please wait";
    /// `<target>`
    439 ErrTargetTooFast "Target change too fast, please wait";
    /// `<nick> <room>`
    441 ErrUserNotInChannel "They aren't on that channel";
    /// `<room>`
    442 ErrNotOnChannel "You're not on that channel";
    /// `<nick> <room>`
    443 ErrUserOnChannel "is already on channel";
    /// Nothing before it.
    445 ErrSummonDisabled "SUMMON has been disabled";
    /// Nothing before it.
    446 ErrUsersDisabled "USERS has been disabled";
    /// `<nick>`
    447 ErrNoNickChange "Cannot change nickname here";
    /// Nothing before it.
    451 ErrNotRegistered "You have not registered";
    /// `<command>`
    461 ErrNeedMoreParams "Not enough parameters";
    /// Nothing before it.
    462 ErrAlreadyRegistered "You may not reregister";
    /// Nothing before it.
    464 ErrPasswdMismatch "Password incorrect";
    /// Nothing before it.
    465 ErrYoureBannedCreep "You are banned from this server.";
    /// `<room>`
    467 ErrKeySet "Channel key already set";
    /// Nothing before it.
    468 ErrInvalidUsername "Your username is not valid";
    /// `<room>`
    471 ErrChannelIsFull "Cannot join channel (+l)";
    /// `<letter>`
    472 ErrUnknownMode "is unknown mode char to me";
    /// `<room>`
    473 ErrInviteOnlyChan "Cannot join channel (+i)";
    /// `<room>`
    474 ErrBannedFromChan "Cannot join channel (+b)";
    /// `<room>`
    475 ErrBadChannelKey "Cannot join channel (+k)";
    /// `<room>`
    476 ErrBadChanMask "Bad Channel Mask";
    /// `<room>`: `+R`, and what else only accounts may do.
    477 ErrNeedReggedNick "You need to be identified to a registered account";
    /// `<room> <mask>`
    478 ErrBanListFull "Channel list is full";
    /// Nothing before it.
    481 ErrNoPrivileges "Permission Denied- You're not an IRC operator";
    /// `<room>`
    482 ErrChanOpPrivsNeeded "You're not channel operator";
    /// Nothing before it.
    483 ErrCantKillServer "You cant kill a server!";
    /// Nothing before it.
    484 ErrRestricted "Your connection is restricted!";
    /// `<nick>`: a user with `+R`.
    486 ErrNonRegged "You must be identified to a registered account to message this user";
    /// `<room>`: secure connections only.
    489 ErrSecureOnlyChan "Cannot join channel (TLS only)";
    /// Nothing before it.
    491 ErrNoOperHost "No O-lines for your host";
    /// `<nick>`: CTCP to someone, or in a room, that does not take it.
    492 ErrNoCtcp "does not accept CTCP";
    /// Nothing before it.
    501 ErrUmodeUnknownFlag "Unknown MODE flag";
    /// Nothing before it.
    502 ErrUsersDontMatch "Cant change mode for other users";
    /// `<topic>`
    524 ErrHelpNotFound "No help available on this topic";
    /// `<target> <key>`
    525 ErrInvalidKey "Key is not well-formed";

    /// Nothing before it.
    670 RplStartTls "STARTTLS successful, proceed with TLS handshake";
    /// `<nick>`
    671 RplWhoisSecure "is using a secure connection";
    /// Nothing before it.
    691 ErrStartTls "STARTTLS failed";
    /// `<target> <letter> <argument> :<why>`
    696 ErrInvalidModeParam "Invalid mode parameter";
    /// `<topic> :<first line>`
    704 RplHelpStart "";
    /// `<topic> :<line>`
    705 RplHelpTxt "";
    /// `<topic>`
    706 RplEndOfHelp "End of /HELP";
    /// `<room>`
    710 RplKnock "has asked for an invite";
    /// `<room>`
    711 RplKnockDelivered "Your KNOCK has been delivered";
    /// `<room>`
    712 ErrTooManyKnock "Too many KNOCKs, try again later";
    /// `<room>`
    713 ErrChanOpen "Channel is open, just join it";
    /// `<room>`
    714 ErrKnockOnChan "You are already on that channel";
    /// `<privilege>`
    723 ErrNoPrivs "Insufficient oper privileges";
    /// `:<nick>!<user>@<host>[,…]`. monitor.
    730 RplMonOnline "";
    /// `:<nick>[,…]`. monitor.
    731 RplMonOffline "";
    /// `:<nick>[,…]`. monitor.
    732 RplMonList "";
    /// Nothing before it. monitor.
    733 RplEndOfMonList "End of MONITOR list";
    /// `<limit> <nicks>`. monitor.
    734 ErrMonListFull "Monitor list is full";
    /// `<target> <key> <visibility> :<value>`. metadata (a draft), in WHOIS.
    760 RplWhoisKeyValue "";
    /// `<target> <key> <visibility> :<value>`. metadata.
    761 RplKeyValue "";
    /// `<target> <key>`. metadata.
    766 RplKeyNotSet "Key is not set";
    /// `<key>…`. metadata.
    770 RplMetadataSubOk "";
    /// `<key>…`. metadata.
    771 RplMetadataUnsubOk "";
    /// `<key>…`. metadata.
    772 RplMetadataSubs "";
    /// `<target> <seconds>`. metadata.
    774 ErrMetadataSyncLater "Synchronise metadata later";

    /// `<nick>!<user>@<host> <account> :You are now logged in as <account>`. sasl.
    900 RplLoggedIn "";
    /// `<nick>!<user>@<host>`. sasl.
    901 RplLoggedOut "You are now logged out";
    /// Nothing before it. sasl.
    902 ErrNickLocked "You must use a nick assigned to you";
    /// Nothing before it. sasl.
    903 RplSaslSuccess "SASL authentication successful";
    /// Nothing before it. sasl.
    904 ErrSaslFail "SASL authentication failed";
    /// Nothing before it. sasl.
    905 ErrSaslTooLong "SASL message too long";
    /// Nothing before it. sasl.
    906 ErrSaslAborted "SASL authentication aborted";
    /// Nothing before it. sasl.
    907 ErrSaslAlready "You have already authenticated using SASL";
    /// `<mechanisms>`. sasl.
    908 RplSaslMechs "are available SASL mechanisms";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_unique_and_of_three_digits() {
        assert!(Numeric::ALL.is_sorted_by(|a, b| a.code() < b.code()));
        assert!(Numeric::ALL.iter().all(|numeric| (1..=999).contains(&numeric.code())));
    }

    /// modern.ircdocs.horse "Numerics": 400 to 599 are errors, and later ones are named for what they are.
    #[test]
    fn errors_and_replies_are_told_apart_by_their_names() {
        for numeric in Numeric::ALL {
            let name = alloc::format!("{numeric:?}");
            assert!(name.starts_with("Rpl") || name.starts_with("Err"), "{name}");
            match numeric.code() {
                0..400 => assert!(name.starts_with("Rpl"), "{name}"),
                400..600 => assert!(name.starts_with("Err"), "{name}"),
                _ => {}
            }
        }
    }

    #[test]
    fn texts_fit_on_a_line() {
        for numeric in Numeric::ALL {
            assert!(numeric.text().len() < 100 && numeric.text().bytes().all(|b| (b' '..=b'~').contains(&b)));
        }
    }
}
