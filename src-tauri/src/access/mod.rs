//! Who acts: sign-in, operators, their roles and rights.
