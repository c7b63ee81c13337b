package android.os;

import io.haredge.standins.Control;
import io.haredge.standins.Phone;

public final class PowerManager {
    public static final int PARTIAL_WAKE_LOCK = 1;

    @Control
    public PowerManager() {}

    public WakeLock newWakeLock(int levelAndFlags, String tag) {
        return new WakeLock();
    }

    public final class WakeLock {
        private boolean held;

        private WakeLock() {}

        public void setReferenceCounted(boolean value) {}

        public void acquire(long timeout) {
            Phone.current().wakeLocks += held ? 0 : 1;
            held = true;
        }

        public void release() {
            Phone.current().wakeLocks -= held ? 1 : 0;
            held = false;
        }
    }
}
