package android.app;

import android.content.Context;
import android.content.Intent;
import io.haredge.standins.Control;

public final class PendingIntent {
    public static final int FLAG_IMMUTABLE = 1 << 26;

    private PendingIntent() {}

    @Control public Intent intent;

    public static PendingIntent getActivity(Context context, int requestCode, Intent intent, int flags) {
        return of(intent, flags);
    }

    public static PendingIntent getService(Context context, int requestCode, Intent intent, int flags) {
        return of(intent, flags);
    }

    private static PendingIntent of(Intent intent, int flags) {
        if ((flags & FLAG_IMMUTABLE) == 0) {
            throw new IllegalArgumentException("FLAG_IMMUTABLE or FLAG_MUTABLE is needed");
        }
        PendingIntent pending = new PendingIntent();
        pending.intent = intent;
        return pending;
    }
}
