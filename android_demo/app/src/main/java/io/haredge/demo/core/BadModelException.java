package io.haredge.demo.core;

/** A model or card that cannot be used. The message says in one line what is wrong. */
public final class BadModelException extends Exception {
    private static final long serialVersionUID = 1L;

    public BadModelException(String message) {
        super(message);
    }

    public BadModelException(String message, Throwable cause) {
        super(message, cause);
    }
}
