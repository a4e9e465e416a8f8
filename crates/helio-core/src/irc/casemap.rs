//! `CASEMAPPING=ascii`: names that differ only in the case of `A`–`Z` are the same name.

use alloc::boxed::Box;

/// The form of a name under which it is looked up.
#[must_use]
pub fn fold(name: &str) -> Box<str> {
    name.to_ascii_lowercase().into_boxed_str()
}

/// Whether two names are the same name.
#[must_use]
pub fn eq(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// modern.ircdocs.horse "CASEMAPPING": with `ascii`, `{}|^` are not the lower case of `[]\~`, and `É` is not `é`.
    #[test]
    fn only_ascii_letters_are_folded() {
        assert_eq!(&*fold("Ann[1]~É"), "ann[1]~É");
        assert!(eq("ANN", "ann"));
        assert!(!eq("a[", "a{"));
        assert!(!eq("É", "é"));
    }

    proptest! {
        #[test]
        fn equal_names_are_those_with_one_fold(a in "[a-cA-C\\[{é]{0,4}", b in "[a-cA-C\\[{é]{0,4}") {
            prop_assert_eq!(eq(&a, &b), fold(&a) == fold(&b));
            prop_assert_eq!(fold(&fold(&a)), fold(&a));
        }
    }
}
