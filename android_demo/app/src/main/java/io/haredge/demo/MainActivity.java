package io.haredge.demo;

import android.Manifest;
import android.app.Activity;
import android.content.ActivityNotFoundException;
import android.content.Intent;
import android.content.pm.PackageManager;
import android.os.Build;
import android.os.Bundle;
import io.haredge.demo.core.BadModelException;
import io.haredge.demo.core.Card;
import io.haredge.demo.core.Day;

/** The main screen: the current activity, the day, and buttons to start, stop and record. */
public final class MainActivity extends Activity {
    private static final int ASK_FOR_NOTIFICATIONS = 1;
    private static final int CHOOSE_DOCUMENT = 2;

    private final LiveState live = LiveState.get();
    private final Runnable watcher = this::show;
    private Screen screen;
    /** As it is shipped; null if it cannot be used. */
    private Card shipped;
    /** Of the person, shown until the service runs in this process; so is the day of the file. */
    private Card storedCard;
    private Day storedDay;
    private Card shown;

    @Override
    protected void onCreate(Bundle savedInstanceState) {
        super.onCreate(savedInstanceState);
        screen = new Screen(this);
        screen.startStop.setOnClickListener(view -> startOrStop());
        screen.record.setOnClickListener(view -> recordOrStop());
        screen.labels.setListener(name -> SensorService.label(this, name));
        screen.settings.setOnClickListener(view -> startActivity(new Intent(this, SettingsActivity.class)));
        screen.benchmark.setOnClickListener(view -> startActivity(new Intent(this, BenchmarkActivity.class)));
        setContentView(screen.root);
        try {
            shipped = LiteRtModel.loadCard(getAssets(), Session.MODEL);
        } catch (BadModelException error) {
            live.complain(getString(R.string.bad_model, error.getMessage()));
        }
    }

    @Override
    protected void onStart() {
        super.onStart();
        if (shipped != null && live.snapshot().card == null) { // The settings may have changed the profile.
            storedCard = new ProfileFile(getFilesDir()).personal(shipped);
            storedDay = new Day(storedCard.activityNames());
            new DayFile(getFilesDir()).read(storedDay);
        }
        live.watch(watcher);
        if (KeepRunning.get(this) && !isRunning()) {
            SensorService.start(this); // The process ended, and Android did not restart the service.
        }
        show();
    }

    @Override
    protected void onStop() {
        live.unwatch(watcher);
        super.onStop();
    }

    @Override
    public void onRequestPermissionsResult(int requestCode, String[] permissions, int[] grantResults) {
        if (requestCode == ASK_FOR_NOTIFICATIONS) {
            SensorService.start(this); // Without the permission only the notification is missing.
        }
    }

    @Override
    protected void onActivityResult(int requestCode, int resultCode, Intent data) {
        if (requestCode == CHOOSE_DOCUMENT && resultCode == RESULT_OK && data != null && isRunning()) {
            SensorService.send(this, SensorService.ACTION_RECORD, data.getData());
        }
    }

    private void show() {
        LiveState.Snapshot state = live.snapshot();
        Card card = state.card != null ? state.card : storedCard;
        Day day = state.card != null ? state.day : storedDay;
        if (card != null && card != shown) {
            shown = card;
            screen.setCard(card);
        }
        if (day != null && state.phase == LiveState.Phase.STOPPED) {
            day.turnTo(DayFile.localMs());
        }
        screen.show(state, day);
    }

    private void startOrStop() {
        if (isRunning()) {
            SensorService.send(this, SensorService.ACTION_STOP, null);
        } else if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU
                && checkSelfPermission(Manifest.permission.POST_NOTIFICATIONS) != PackageManager.PERMISSION_GRANTED) {
            requestPermissions(new String[] {Manifest.permission.POST_NOTIFICATIONS}, ASK_FOR_NOTIFICATIONS);
        } else {
            SensorService.start(this);
        }
    }

    private void recordOrStop() {
        if (live.snapshot().recorded >= 0) {
            SensorService.send(this, SensorService.ACTION_STOP_RECORDING, null);
            return;
        }
        Intent choose = new Intent(Intent.ACTION_CREATE_DOCUMENT)
                .addCategory(Intent.CATEGORY_OPENABLE)
                .setType("text/csv")
                .putExtra(Intent.EXTRA_TITLE, "haredge.csv");
        try {
            startActivityForResult(choose, CHOOSE_DOCUMENT);
        } catch (ActivityNotFoundException none) {
            live.complain(getString(R.string.no_file_chooser));
        }
    }

    private boolean isRunning() {
        return live.snapshot().phase != LiveState.Phase.STOPPED;
    }
}
