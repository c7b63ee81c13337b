package android.app;

import android.content.ContextWrapper;
import android.content.Intent;
import android.os.Build;
import android.os.IBinder;
import io.haredge.standins.Phone;

public abstract class Service extends ContextWrapper {
    public static final int START_NOT_STICKY = 2;
    public static final int START_STICKY = 1;
    public static final int STOP_FOREGROUND_REMOVE = 1;

    public Service() {
        super(null);
    }

    public void onCreate() {}

    public int onStartCommand(Intent intent, int flags, int startId) {
        return START_STICKY;
    }

    public void onDestroy() {}

    public abstract IBinder onBind(Intent intent);

    public final void stopSelf() {
        Phone.current().stopService(this);
    }

    public final void startForeground(int id, Notification notification) {
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.UPSIDE_DOWN_CAKE) {
            throw new AssertionError("a type is needed from API 34 on");
        }
        startForeground(id, notification, 0);
    }

    public final void startForeground(int id, Notification notification, int foregroundServiceType) {
        if (Phone.current().foregroundRefusal != null) {
            throw Phone.current().foregroundRefusal;
        }
        Phone.current().notification = notification;
        Phone.current().foregroundType = foregroundServiceType;
    }

    public final void stopForeground(int notificationBehavior) {
        Phone.current().notification = null;
    }
}
