package android.os;

import io.haredge.standins.Phone;

public class Handler {
    private final Looper looper;

    public Handler(Looper looper) {
        this.looper = looper;
    }

    public final Looper getLooper() {
        return looper;
    }

    public final boolean post(Runnable r) {
        return postDelayed(r, 0);
    }

    public final boolean postDelayed(Runnable r, long delayMillis) {
        Phone.current().post(this, r, delayMillis);
        return true;
    }

    public final void removeCallbacks(Runnable r) {
        Phone.current().forget(this, r);
    }

    public final void removeCallbacksAndMessages(Object token) {
        Phone.current().forget(this, null);
    }
}
