package android.os;

import io.haredge.standins.Phone;

/** A thread that ends at once: what it is given runs on the test's own thread. */
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
