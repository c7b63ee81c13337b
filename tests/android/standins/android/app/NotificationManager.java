package android.app;

import io.haredge.standins.Control;
import io.haredge.standins.Phone;

public class NotificationManager {
    public static final int IMPORTANCE_LOW = 2;

    @Control
    public NotificationManager() {}

    public void createNotificationChannel(NotificationChannel channel) {}

    public void notify(int id, Notification notification) {
        Phone.current().notification = notification;
    }
}
