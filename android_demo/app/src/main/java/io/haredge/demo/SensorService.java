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
import android.os.PowerManager;

/**
 * Has a session go on while the screen is off: a foreground service of type health.
 *
 * <p>Where the process dies, Android starts the service again, and the day goes on from its file.
 */
public final class SensorService extends Service {
    static final String ACTION_START = "io.haredge.demo.START";
    static final String ACTION_STOP = "io.haredge.demo.STOP";
    /** Records to the document that the intent's data names. */
    static final String ACTION_RECORD = "io.haredge.demo.RECORD";
    static final String ACTION_STOP_RECORDING = "io.haredge.demo.STOP_RECORDING";

    private final LiveState live = LiveState.get();
    private RunningNotification notification;
    private PowerManager.WakeLock wakeLock;
    private HandlerThread thread;
    private Handler worker;
    /** Null while nothing is recognised. */
    private Session session;

    /** Starts the service; it goes on until it is stopped. */
    static void start(Context context) {
        context.startForegroundService(new Intent(context, SensorService.class).setAction(ACTION_START));
    }

    /** Has a service that runs do something else. */
    static void send(Context context, String action, Uri data) {
        context.startService(new Intent(context, SensorService.class).setAction(action).setData(data));
    }

    @Override
    public void onCreate() {
        super.onCreate();
        notification = new RunningNotification(this);
        wakeLock = getSystemService(PowerManager.class).newWakeLock(PowerManager.PARTIAL_WAKE_LOCK, "haredge:sensors");
        wakeLock.setReferenceCounted(false);
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
        // Android gives no intent where it starts the service again after the process died.
        String action = intent == null ? ACTION_START : intent.getAction();
        if (ACTION_STOP.equals(action)) {
            Wanted.set(this, false);
            end(null);
            return START_NOT_STICKY;
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

    /** False where Android does not let the service run. */
    private boolean begin() {
        Notification first = notification.of(null);
        try {
            if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.UPSIDE_DOWN_CAKE) {
                startForeground(RunningNotification.ID, first, ServiceInfo.FOREGROUND_SERVICE_TYPE_HEALTH);
            } else {
                startForeground(RunningNotification.ID, first);
            }
        } catch (SecurityException | IllegalStateException refused) {
            // After the process died Android may not let it back into the foreground until the user opens the app.
            live.stopped(getString(R.string.not_allowed));
            stopSelf();
            return false;
        }
        Wanted.set(this, true);
        session = new Session(this, worker, wakeLock, notification, this::fail);
        session.start();
        return true;
    }

    /** There is no going on; said by the session, on the main thread. */
    private void fail(String why) {
        Wanted.set(this, false);
        end(why);
    }

    /** Ends what goes on, if anything does. */
    private void end(String why) {
        if (session != null) {
            session.stop();
            session = null;
            wakeLock.release();
            stopForeground(STOP_FOREGROUND_REMOVE);
            live.stopped(why);
        }
        stopSelf();
    }
}
