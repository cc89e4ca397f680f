//! One file per read model: its source view and its document.
