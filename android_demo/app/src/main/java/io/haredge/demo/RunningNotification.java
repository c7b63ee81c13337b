package io.haredge.demo;

import android.app.Notification;
import android.app.NotificationChannel;
import android.app.NotificationManager;
import android.app.PendingIntent;
import android.content.Context;
import android.content.Intent;
import android.graphics.drawable.Icon;
import android.os.Build;

/** The notification that a foreground service must show: the current activity and a Stop button. */
final class RunningNotification {
    static final int ID = 1;
    private static final String CHANNEL = "recognising";

    private final Context context;
    private final NotificationManager manager;

    RunningNotification(Context context) {
        this.context = context;
        manager = context.getSystemService(NotificationManager.class);
        NotificationChannel channel = new NotificationChannel(
                CHANNEL, context.getString(R.string.channel), NotificationManager.IMPORTANCE_LOW);
        channel.setDescription(context.getString(R.string.channel_about));
        manager.createNotificationChannel(channel);
    }

    /** Shows an activity in place of the previous one. */
    void show(String activity) {
        manager.notify(ID, build(activity));
    }

    /** @param activity null if there is none yet */
    Notification build(String activity) {
        Intent open = new Intent(context, MainActivity.class);
        Intent stop = new Intent(context, SensorService.class).setAction(SensorService.ACTION_STOP);
        Icon icon = Icon.createWithResource(context, R.drawable.icon);
        PendingIntent stopping = PendingIntent.getService(context, 0, stop, PendingIntent.FLAG_IMMUTABLE);
        Notification.Builder builder = new Notification.Builder(context, CHANNEL)
                .setSmallIcon(icon)
                .setContentTitle(activity == null ? context.getString(R.string.waiting) : activity)
                .setContentIntent(PendingIntent.getActivity(context, 0, open, PendingIntent.FLAG_IMMUTABLE))
                .setOngoing(true)
                .setOnlyAlertOnce(true)
                .addAction(new Notification.Action.Builder(icon, context.getString(R.string.stop), stopping).build());
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S) {
            builder.setForegroundServiceBehavior(Notification.FOREGROUND_SERVICE_IMMEDIATE);
        }
        return builder.build();
    }
}
