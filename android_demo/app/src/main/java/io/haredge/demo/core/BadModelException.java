package io.haredge.demo.core;

/** A model or a card that cannot be used; the message says what is wrong, in one line. */
public final class BadModelException extends Exception {
    private static final long serialVersionUID = 1L;

    public BadModelException(String message) {
        super(message);
    }

    public BadModelException(String message, Throwable cause) {
        super(message, cause);
    }
}
