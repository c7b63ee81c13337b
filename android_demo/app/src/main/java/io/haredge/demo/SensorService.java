package io.haredge.demo;

import android.app.Notification;
import android.app.Service;
import android.content.Context;
import android.content.Intent;
import android.content.pm.ServiceInfo;
import android.net.Uri;
import android.os.Build;
import android.os.Handler;
import android.os.HandlerThread;
import android.os.IBinder;

/**
 * Keeps a session running while the screen is off: a foreground service of type health.
 *
 * <p>If the process dies, Android restarts the service, and the day continues from its file.
 */
public final class SensorService extends Service {
    static final String ACTION_START = "io.haredge.demo.START";
    static final String ACTION_STOP = "io.haredge.demo.STOP";
    /** Records to the document in the intent's data. */
    static final String ACTION_RECORD = "io.haredge.demo.RECORD";
    static final String ACTION_STOP_RECORDING = "io.haredge.demo.STOP_RECORDING";
    /** Labels the recording, from now on, with the intent's extra of this name. */
    static final String ACTION_LABEL = "io.haredge.demo.LABEL";
    static final String EXTRA_LABEL = "io.haredge.demo.extra.LABEL";
    /** Takes over changed settings. */
    static final String ACTION_SETTINGS = "io.haredge.demo.SETTINGS";

    private RunningNotification notification;
    private HandlerThread thread;
    private Handler worker;
    /** Null while recognition is stopped. */
    private Session session;

    /** Starts the service, which runs until it is stopped. */
    static void start(Context context) {
        context.startForegroundService(new Intent(context, SensorService.class).setAction(ACTION_START));
    }

    /** Sends an action to the running service. */
    static void send(Context context, String action, Uri data) {
        context.startService(new Intent(context, SensorService.class).setAction(action).setData(data));
    }

    /** Labels the recording of the running service; empty for no label. */
    static void label(Context context, String name) {
        context.startService(new Intent(context, SensorService.class).setAction(ACTION_LABEL)
                .putExtra(EXTRA_LABEL, name));
    }

    @Override
    public void onCreate() {
        super.onCreate();
        notification = new RunningNotification(this);
        thread = new HandlerThread("sensors");
        thread.start();
        worker = new Handler(thread.getLooper());
    }

    @Override
    public IBinder onBind(Intent intent) {
        return null;
    }

    @Override
    public int onStartCommand(Intent intent, int flags, int startId) {
        // The intent is null when Android restarts the service after the process died.
        String action = intent == null ? ACTION_START : intent.getAction();
        if (ACTION_STOP.equals(action)) {
            KeepRunning.set(this, false);
            WhichWayUp.forget(this);
            end(null);
            return START_NOT_STICKY;
        }
        if (ACTION_SETTINGS.equals(action) || ACTION_LABEL.equals(action)) {
            return change(intent);
        }
        if (session == null && !begin()) {
            return START_NOT_STICKY;
        }
        if (ACTION_RECORD.equals(action)) {
            session.record(intent.getData());
        } else if (ACTION_STOP_RECORDING.equals(action)) {
            session.stopRecording();
        }
        return START_STICKY;
    }

    @Override
    public void onDestroy() {
        end(null);
        thread.quitSafely();
        super.onDestroy();
    }

    /** They do not start recognition: the user may have stopped it since. */
    private int change(Intent intent) {
        if (session == null) {
            stopSelf();
            return START_NOT_STICKY;
        }
        if (ACTION_LABEL.equals(intent.getAction())) {
            session.label(intent.getStringExtra(EXTRA_LABEL));
        } else {
            session.applySettings();
        }
        return START_STICKY;
    }

    /** False if Android does not let the service run. */
    private boolean begin() {
        Notification first = notification.build(null);
        try {
            if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.UPSIDE_DOWN_CAKE) {
                startForeground(RunningNotification.ID, first, ServiceInfo.FOREGROUND_SERVICE_TYPE_HEALTH);
            } else {
                startForeground(RunningNotification.ID, first);
            }
        } catch (SecurityException | IllegalStateException refused) {
            // After the process died, Android may refuse until the user opens the app.
            LiveState.get().stopped(getString(R.string.not_allowed));
            stopSelf();
            return false;
        }
        KeepRunning.set(this, true);
        session = new Session(this, worker, notification, this::fail);
        session.start();
        return true;
    }

    /** Called by the session on the main thread if it cannot continue. */
    private void fail(String why) {
        KeepRunning.set(this, false);
        WhichWayUp.forget(this);
        end(why);
    }

    /** Ends the session, if there is one, and the service. */
    private void end(String why) {
        if (session != null) {
            session.stop(why);
            session = null;
            stopForeground(STOP_FOREGROUND_REMOVE);
        }
        stopSelf();
    }
}
