package android.os;

import io.haredge.standins.Phone;

public class HandlerThread extends Thread {
    private final Looper looper = new Looper();

    public HandlerThread(String name) {
        super(name);
    }

    @Override
    public synchronized void start() {
        // Its work runs on the test's thread.
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
