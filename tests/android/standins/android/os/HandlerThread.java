package android.os;

import io.haredge.standins.Phone;

/** A thread that does nothing: its handlers run their work on the thread of the test. */
public class HandlerThread extends Thread {
    private final Looper looper = new Looper();

    public HandlerThread(String name) {
        super(name);
    }

    public Looper getLooper() {
        return looper;
    }

    public boolean quit() {
        return quitSafely();
    }

    public boolean quitSafely() {
        Phone.current().quit(looper);
        return true;
    }
}
