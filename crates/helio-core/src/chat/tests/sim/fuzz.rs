//! Raw bytes and hostile commands.
