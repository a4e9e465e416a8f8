//! FAIL, WARN and NOTE (IRCv3 standard-replies): `FAIL <command> <code> [context…] :<description>`.

/// How serious a standard reply is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The command was not carried out.
    Fail,
    /// It was, but not wholly as it was meant.
    Warn,
    /// Something worth knowing.
    Note,
}

impl Severity {
    /// The command of the reply.
    #[must_use]
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Fail => "FAIL",
            Self::Warn => "WARN",
            Self::Note => "NOTE",
        }
    }
}

/// Makes the enum and its table: one row a code.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $text:literal;)*) => {
        /// The machine-readable code of a standard reply.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ReplyCode { $($(#[$doc])* $name,)* }

        impl ReplyCode {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The code as it is sent.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The description for people.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

codes! {
    /// `FAIL REGISTER … <account>`: somebody has this account. account-registration (a draft).
    AccountExists = "ACCOUNT_EXISTS", "Account name is taken, or looks like one that is";
    /// `FAIL REGISTER … <account>`: accounts are named after nicknames. account-registration.
    AccountNameMustBeNick = "ACCOUNT_NAME_MUST_BE_NICK", "Account name must be your nickname";
    /// `FAIL ACCOUNT … `: who asks is not logged in, or not by what the change needs. Ours. `FAIL *`: who completes the
    /// connection is not logged in. Ergo's.
    AccountRequired = "ACCOUNT_REQUIRED", "Log in to an account first";
    /// `FAIL ACCOUNT … <account>`: there is none of this name. Ours.
    AccountUnknown = "ACCOUNT_UNKNOWN", "There is no such account";
    /// `FAIL REGISTER … <account>`: who asks is logged in. account-registration.
    AlreadyAuthenticated = "ALREADY_AUTHENTICATED", "You are already logged in";
    /// `FAIL REGISTER … <account>`: no account can have this name. account-registration.
    BadAccountName = "BAD_ACCOUNT_NAME", "Account name is not valid";
    /// `FAIL SETNAME`: the real name may not be changed. setname.
    CannotChangeRealname = "CANNOT_CHANGE_REALNAME", "Real name cannot be changed";
    /// `FAIL ROOM … <room> <code>`: to be sent again with the code behind it. Ours.
    ConfirmationRequired = "CONFIRMATION_REQUIRED", "To confirm, send the same again with this code at its end";
    /// `FAIL RENAME … <old> <new>`: nothing can be called so, or it got another name lately. channel-rename (a draft).
    CannotRename = "CANNOT_RENAME", "Channel cannot be renamed to this, or not so soon again";
    /// `FAIL RENAME … <old> <new>`: another room is called so. channel-rename.
    ChannelNameInUse = "CHANNEL_NAME_IN_USE", "Channel name is already taken";
    /// `FAIL REGISTER`: first the connection has to be registered. account-registration.
    CompleteConnectionRequired = "COMPLETE_CONNECTION_REQUIRED", "Complete the connection first";
    /// `FAIL REGISTER … <account>`: nobody, or not who asks, may register an account. Ergo's.
    Disallowed = "DISALLOWED", "Accounts are made by whoever runs this server";
    /// `FAIL MARKREAD … <target>`: it cannot be kept at present. read-marker (a draft). `FAIL SEARCH`: the search could not be run.
    /// soju.im/search.
    InternalError = "INTERNAL_ERROR", "It could not be done because of an error in the server";
    /// `FAIL ACCOUNT … `: who is logged in by an app password may not change what opens the account. Ours.
    AppPassword = "APP_PASSWORD", "Log in with your own password or certificate for this";
    /// `FAIL CHATHISTORY … <subcommand> <target>`: messages are not referred to in this way. chathistory (a draft).
    InvalidMsgrefType = "INVALID_MSGREFTYPE", "Messages are referred to by timestamp= or msgid=";
    /// `FAIL <command>`: a parameter is not what it should be; the context ends with it. Ours, but of CHATHISTORY and MARKREAD.
    InvalidParams = "INVALID_PARAMS", "Invalid parameters";
    /// `FAIL SETNAME`: the real name is too long or empty. setname.
    InvalidRealname = "INVALID_REALNAME", "Real name is not valid";
    /// `FAIL CHATHISTORY … <subcommand> <target>`, `FAIL REDACT … <target>`: there is no such target, or none for the one who
    /// asks. chathistory, message-redaction (drafts).
    InvalidTarget = "INVALID_TARGET", "Invalid target";
    /// `FAIL *` or `FAIL <command>`: the line was not UTF-8 and was dropped. utf8-only.
    InvalidUtf8 = "INVALID_UTF8", "Message is not valid UTF-8 and was rejected";
    /// `FAIL CHATHISTORY … <subcommand> <target>`: nothing can be shown, because of an error or because the message that was
    /// referred to is not known. chathistory (a draft).
    MessageError = "MESSAGE_ERROR", "Messages could not be retrieved";
    /// `FAIL REDACT … <target> <msgid>`: it is to be erased, but that did not work yet. Ours.
    MessageNotErased = "MESSAGE_NOT_ERASED", "Message could not be erased yet, it is when the store works again";
    /// `FAIL METADATA … <key>`: no key is written so. metadata (a draft).
    KeyInvalid = "KEY_INVALID", "Key is not valid";
    /// `FAIL METADATA … <target> <key>`: who asks may not. metadata.
    KeyNoPermission = "KEY_NO_PERMISSION", "You may not do that";
    /// `FAIL METADATA … <target> <key>`: there is nothing to remove. metadata.
    KeyNotSet = "KEY_NOT_SET", "Key is not set";
    /// `FAIL ROOM … <room> <entry>`: the list has as many entries as it may have. Ours.
    ListFull = "LIST_FULL", "List is full";
    /// `FAIL REGISTER … <account>`: it needs the code of an invitation that can be used. Ours.
    InvitationRequired = "INVITATION_REQUIRED", "An invitation is needed: REGISTER * CODE password";
    /// `FAIL ACCOUNT …`, `FAIL METADATA … <target>`: there are as many as there may be. Ours, and metadata's.
    LimitReached = "LIMIT_REACHED", "There are as many as there may be";
    /// `FAIL PRIVMSG`: what others saw could not be stored and is lost to history. Ours.
    MessageNotStored = "MESSAGE_NOT_STORED", "Message was delivered but could not be stored";
    /// `FAIL REGISTER … *`: there is no nickname yet. account-registration.
    NeedNick = "NEED_NICK", "Choose a nickname first";
    /// `FAIL <command>`: a parameter is missing.
    NeedMoreParams = "NEED_MORE_PARAMS", "Missing parameters";
    /// `FAIL ROOM … <room> <account>`: there is none of this name, or none that one can log in to. Ours.
    NoSuchAccount = "NO_SUCH_ACCOUNT", "There is no such account";
    /// `FAIL TRANSPORT …`: the kernel tells nothing of this connection. Ours.
    NotMeasured = "NOT_MEASURED", "Nothing is known of this connection";
    /// `FAIL ROOM … <room>`: its founder does not offer it to who asks. Ours.
    NotOffered = "NOT_OFFERED", "Room is not offered to you";
    /// `FAIL BATCH`: any other fault of a message of several lines. multiline.
    MultilineInvalid = "MULTILINE_INVALID", "Invalid multiline batch";
    /// `FAIL BATCH … <batch-target> <provided-target>`: its lines have different targets. multiline.
    MultilineInvalidTarget = "MULTILINE_INVALID_TARGET", "Invalid multiline target";
    /// `FAIL BATCH … <limit>`: too many bytes. multiline.
    MultilineMaxBytes = "MULTILINE_MAX_BYTES", "Multiline batch max-bytes exceeded";
    /// `FAIL BATCH … <limit>`: too many lines. multiline.
    MultilineMaxLines = "MULTILINE_MAX_LINES", "Multiline batch max-lines exceeded";
    /// `FAIL METADATA … <target> <key> <seconds>`: too many changes. metadata (a draft).
    RateLimited = "RATE_LIMITED", "Too many changes, try again later";
    /// `FAIL REDACT … <target> <msgid>`: who asks may not. message-redaction (a draft).
    RedactForbidden = "REDACT_FORBIDDEN", "You are not authorised to delete this message";
    /// `FAIL REDACT … <target> <msgid> <seconds>`: it was said too long ago. message-redaction.
    RedactWindowExpired = "REDACT_WINDOW_EXPIRED", "You can no longer delete this message";
    /// `FAIL ROOM … <room>`: nobody registered it. Ours.
    RoomNotRegistered = "ROOM_NOT_REGISTERED", "Room is not registered";
    /// `FAIL ROOM … <room>`: it is somebody's already. Ours.
    RoomRegistered = "ROOM_REGISTERED", "Room is registered already";
    /// `FAIL SEARCH`: the index is being made from what was said before. Ours.
    SearchIncomplete = "SEARCH_INCOMPLETE", "Earlier messages are still being made ready, try again later";
    /// `FAIL SEARCH`: the search took too long, or too many wait. Ours.
    SearchTooLong = "SEARCH_TOO_LONG", "The search takes too long, search in fewer rooms or days";
    /// `FAIL MODE` or `FAIL TOPIC`: the room has the new setting, which is stored when that works again. Ours.
    SettingNotStored = "SETTING_NOT_STORED", "Setting was changed but could not be stored yet";
    /// `FAIL PRIVMSG`: nothing can be stored at present, so messages are refused. Ours.
    StoreUnavailable = "STORE_UNAVAILABLE", "Nothing can be stored at present, try again later";
    /// `FAIL METADATA … <subcommand>`: there is none of this name. metadata (a draft).
    SubcommandInvalid = "SUBCOMMAND_INVALID", "There is no such subcommand";
    /// `FAIL ACCOUNT …`: somebody has it. Ours.
    Taken = "TAKEN", "It belongs to somebody already";
    /// `FAIL REGISTER … <account>`: not now; later it may work. account-registration.
    TemporarilyUnavailable = "TEMPORARILY_UNAVAILABLE", "Accounts cannot be registered now, try again later";
    /// `FAIL BATCH`: the batch was not ended in time. client-batch (a draft).
    Timeout = "TIMEOUT", "Batch was not ended in time";
    /// `FAIL ROOM … <room>`: the account has as many as it may have, or the server. Ours.
    TooManyRooms = "TOO_MANY_ROOMS", "No further room can be registered";
    /// `FAIL METADATA … <key>`: the session is subscribed to as many as it may be. metadata (a draft).
    TooManySubs = "TOO_MANY_SUBS", "You are subscribed to as many keys as you may be";
    /// `FAIL REGISTER … <account>`: no password is like this. account-registration.
    UnacceptablePassword = "UNACCEPTABLE_PASSWORD", "Password is too long or has characters that are not allowed";
    /// `FAIL ACCOUNT …`: it is so already. Ours.
    Unchanged = "UNCHANGED", "It is like that already";
    /// `FAIL <command>`: something went wrong here, not there.
    UnknownError = "UNKNOWN_ERROR", "Internal error";
    /// `FAIL REDACT … <target> <msgid>`: there is no such message for the one who asks. message-redaction (a draft).
    UnknownMsgid = "UNKNOWN_MSGID", "This message does not exist or is too old";
    /// `FAIL ROOM … <room> <account>`: a founder is not made or unmade by ACCESS. Ours.
    UseTransfer = "USE_TRANSFER", "A room gets another founder by ROOM TRANSFER";
    /// `FAIL METADATA`: it is empty or too long. metadata (a draft).
    ValueInvalid = "VALUE_INVALID", "Value is too long";
    /// `FAIL REGISTER … <account>`: the password is easily guessed. account-registration.
    WeakPassword = "WEAK_PASSWORD", "Password is too short";
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    /// standard-replies: a code is one word of capitals, digits and underscores; the description is not empty.
    #[test]
    fn codes_have_their_form_and_are_unique() {
        let codes: BTreeSet<_> = ReplyCode::ALL.iter().map(|reply| reply.code()).collect();
        assert_eq!(codes.len(), ReplyCode::ALL.len());
        for reply in ReplyCode::ALL {
            assert!(reply.code().bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'));
            assert!(!reply.text().is_empty() && !reply.text().contains(['\r', '\n', '\0']));
        }
        assert_eq!((Severity::Fail.verb(), Severity::Warn.verb(), Severity::Note.verb()), ("FAIL", "WARN", "NOTE"));
    }
}
