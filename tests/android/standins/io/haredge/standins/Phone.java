package io.haredge.standins;

import android.app.Activity;
import android.app.Notification;
import android.app.Service;
import android.content.Intent;
import android.hardware.Sensor;
import android.hardware.SensorEvent;
import android.hardware.SensorEventListener;
import android.os.Build;
import android.os.Handler;
import android.os.Looper;
import android.view.View;
import android.view.ViewGroup;
import android.widget.TextView;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.Constructor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * The phone behind the stand-ins: its sensors, files, permissions and processes, and a clock that the test controls.
 *
 * <p>All of Android's threads are one thread, and posted work runs when the test advances the clock: no test waits.
 */
public final class Phone {
    /** Work posted to a handler. */
    private static final class Task {
        final long atMs;
        final long number;
        final Handler handler;
        final Runnable work;

        Task(long atMs, long number, Handler handler, Runnable work) {
            this.atMs = atMs;
            this.number = number;
            this.handler = handler;
            this.work = work;
        }
    }

    /** Opens a document for writing, or fails. */
    public interface Document {
        OutputStream open() throws IOException;
    }

    private static Phone current;

    public final Set<Integer> sensors = new HashSet<>(Set.of(Sensor.TYPE_ACCELEROMETER, Sensor.TYPE_GYROSCOPE));
    public final Set<String> granted = new HashSet<>();
    public final Map<String, Document> documents = new HashMap<>();
    /** Documents that other apps offer to read. */
    public final Map<String, byte[]> readable = new HashMap<>();
    public final Map<String, byte[]> changedAssets = new HashMap<>();
    public final Map<String, Map<String, Object>> preferences = new HashMap<>();
    public final List<Intent> launched = new ArrayList<>();
    public final List<String> asked = new ArrayList<>();
    public boolean registrationIsRefused;
    /** What startForeground throws; null for nothing. */
    public RuntimeException foregroundRefusal;
    public boolean night;
    public boolean landscape;
    public float density = 2;
    public boolean fileChooserIsMissing;
    /** Whether LiteRT fails to run a model. */
    public boolean inferenceFails;
    public Notification notification;
    public int foregroundType = -1;
    public int wakeLocks;
    public File files;
    public Activity activity;

    private final Map<Integer, SensorEventListener> listeners = new LinkedHashMap<>();
    private final PriorityQueue<Task> tasks =
            new PriorityQueue<>(Comparator.<Task>comparingLong(it -> it.atMs).thenComparingLong(it -> it.number));
    private final Path classes;
    private ClassLoader process;
    private Service service;
    private boolean sticky;
    private long nowMs;
    private long posted;
    private int starts;

    /** @param files the app's private folder */
    public Phone(File files) {
        this.files = files;
        classes = Path.of(Phone.class.getProtectionDomain().getCodeSource().getLocation().getPath());
        Build.VERSION.SDK_INT = Build.VERSION_CODES.BAKLAVA;
        current = this;
        startProcess();
    }

    /** The phone of the current test. */
    public static Phone current() {
        return current;
    }

    // Called by tests.

    /** Opens an activity of the app. */
    public Activity open(String name) {
        try {
            Constructor<?> made = process.loadClass("io.haredge.demo." + name).getDeclaredConstructor();
            activity = (Activity) made.newInstance();
        } catch (ReflectiveOperationException error) {
            throw new AssertionError(error);
        }
        activity.driveCreate(null);
        activity.driveStart();
        run();
        return activity;
    }

    /** The user leaves the activity. */
    public void leave() {
        activity.driveStop();
        run();
    }

    /** The user turns the phone, or the theme changes: the activity is recreated. */
    public void recreate(boolean inLandscape, boolean atNight) {
        String name = activity.getClass().getSimpleName();
        activity.driveStop();
        activity.driveDestroy();
        landscape = inLandscape;
        night = atNight;
        open(name);
    }

    /** Runs all posted work that is due. */
    public void run() {
        advance(0);
    }

    /** Advances the clock and runs the work that becomes due. */
    public void advance(long ms) {
        long until = nowMs + ms;
        while (!tasks.isEmpty() && tasks.peek().atMs <= until) {
            Task task = tasks.poll();
            nowMs = Math.max(nowMs, task.atMs);
            task.work.run();
        }
        nowMs = until;
    }

    /** Delivers an event; false if there is no listener. */
    public boolean deliver(int type, long timeNs, float x, float y, float z) {
        SensorEventListener listener = listeners.get(type);
        if (listener != null) {
            listener.onSensorChanged(SensorEvent.of(Sensor.of(type), timeNs, x, y, z));
        }
        return listener != null;
    }

    public boolean isListenedTo(int type) {
        return listeners.containsKey(type);
    }

    public boolean serviceRuns() {
        return service != null;
    }

    /** Android kills the process without calling any of its methods. */
    public void kill() {
        tasks.clear();
        listeners.clear();
        notification = null;
        wakeLocks = 0;
        service = null;
        activity = null;
        startProcess();
    }

    /** Android restarts a service whose process died, if the service asked for that. */
    public void restartService(String name) {
        if (sticky) {
            startService(name, null, false);
            run();
        }
    }

    /** The text of every view that is visible, from the top. */
    public List<String> texts() {
        List<String> texts = new ArrayList<>();
        for (View view : views(activity.content())) {
            if (view instanceof TextView) {
                texts.add(((TextView) view).getText().toString());
            }
        }
        return texts;
    }

    /** Every view that is visible, from the top. */
    public static List<View> views(View root) {
        List<View> views = new ArrayList<>();
        if (root.getVisibility() == View.VISIBLE) {
            views.add(root);
            if (root instanceof ViewGroup) {
                for (int index = 0; index < ((ViewGroup) root).getChildCount(); index++) {
                    views.addAll(views(((ViewGroup) root).getChildAt(index)));
                }
            }
        }
        return views;
    }

    /** Presses the button with a text. */
    public void press(String text) {
        for (View view : views(activity.content())) {
            if (view instanceof android.widget.Button && ((TextView) view).getText().toString().equals(text)) {
                if (!view.isEnabled()) {
                    throw new AssertionError(text + " is disabled");
                }
                view.performClick();
                run();
                return;
            }
        }
        throw new AssertionError("no button " + text + " among " + texts());
    }

    // Called by stand-ins.

    public void post(Handler handler, Runnable work, long delayMs) {
        tasks.add(new Task(nowMs + delayMs, posted++, handler, work));
    }

    /** @param work null for all of the handler's */
    public void forget(Handler handler, Runnable work) {
        tasks.removeIf(task -> task.handler == handler && (work == null || task.work == work));
    }

    /** Drops the work of a looper that is not due yet. */
    public void quit(Looper looper) {
        tasks.removeIf(task -> task.handler.getLooper() == looper && task.atMs > nowMs);
    }

    public boolean listen(SensorEventListener listener, Sensor sensor) {
        if (registrationIsRefused) {
            return false;
        }
        listeners.put(sensor.getType(), listener);
        return true;
    }

    public void stopListening(SensorEventListener listener) {
        listeners.values().removeIf(other -> other == listener);
    }

    /** @param mustShow whether the service must come to the foreground, as after startForegroundService */
    public void startService(String name, Intent intent, boolean mustShow) {
        post(new Handler(Looper.getMainLooper()), () -> {
            if (service == null) {
                try {
                    service = (Service) process.loadClass(name).getDeclaredConstructor().newInstance();
                } catch (ReflectiveOperationException error) {
                    throw new AssertionError(error);
                }
                service.onCreate();
            }
            Service running = service;
            sticky = running.onStartCommand(intent, 0, ++starts) == Service.START_STICKY;
            if (mustShow && notification == null && foregroundRefusal == null) {
                throw new AssertionError("startForeground was not called: Android ends the app for that");
            }
        }, 0);
    }

    public void stopService(Service which) {
        post(new Handler(Looper.getMainLooper()), () -> {
            if (service == which) {
                service.onDestroy();
                service = null;
                sticky = false;
            }
        }, 0);
    }

    private void startProcess() {
        process = new AppLoader(classes);
    }
}
