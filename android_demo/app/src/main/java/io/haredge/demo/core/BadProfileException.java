package io.haredge.demo.core;

/** A profile that cannot be used. The message says in one line why. */
public final class BadProfileException extends Exception {
    private static final long serialVersionUID = 1L;

    public BadProfileException(String message) {
        super(message);
    }

    public BadProfileException(String message, Throwable cause) {
        super(message, cause);
    }
}
