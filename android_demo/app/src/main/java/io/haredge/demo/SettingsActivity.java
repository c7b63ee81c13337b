package io.haredge.demo;

import android.app.Activity;
import android.content.ActivityNotFoundException;
import android.content.Intent;
import android.net.Uri;
import android.os.Bundle;
import android.os.Handler;
import android.os.HandlerThread;
import android.view.View;
import android.widget.Button;
import android.widget.CheckBox;
import android.widget.LinearLayout;
import android.widget.RadioButton;
import android.widget.RadioGroup;
import android.widget.ScrollView;
import android.widget.TextView;
import io.haredge.demo.core.BadModelException;
import io.haredge.demo.core.BadProfileException;
import io.haredge.demo.core.Card;
import io.haredge.demo.core.PersonalModel;
import io.haredge.demo.core.Profile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.stream.Collectors;

/** What the user can set, as far as the model has the choice; a change holds at once, and after a restart. */
public final class SettingsActivity extends Activity {
    private static final int MARGIN_DP = 16;
    private static final int CHOOSE_PROFILE = 1;

    private HandlerThread thread;
    private Handler main;
    private Card card;
    private TextView profileState;
    private TextView profileProblem;
    private Button removeProfile;

    @Override
    protected void onCreate(Bundle savedInstanceState) {
        super.onCreate(savedInstanceState);
        main = new Handler(getMainLooper());
        thread = new HandlerThread("profile");
        thread.start();
        LinearLayout column = new LinearLayout(this);
        column.setOrientation(LinearLayout.VERTICAL);
        int margin = Math.round(MARGIN_DP * getResources().getDisplayMetrics().density);
        column.setPadding(margin, margin, margin, margin);
        try {
            card = LiteRtModel.loadCard(getAssets(), Session.MODEL);
            addSettings(column);
        } catch (BadModelException error) {
            TextView message = Screen.text(this, 16, R.color.warning);
            message.setText(getString(R.string.bad_model, error.getMessage()));
            column.addView(message);
        }
        ScrollView root = new ScrollView(this);
        root.setFitsSystemWindows(true);
        root.addView(column);
        setContentView(root);
    }

    @Override
    protected void onDestroy() {
        main.removeCallbacksAndMessages(null);
        thread.quitSafely();
        super.onDestroy();
    }

    @Override
    protected void onActivityResult(int requestCode, int resultCode, Intent data) {
        Uri document = data == null ? null : data.getData();
        if (requestCode == CHOOSE_PROFILE && resultCode == RESULT_OK && document != null && card != null) {
            new Handler(thread.getLooper()).post(() -> takeProfile(document));
        }
    }

    private void addSettings(LinearLayout column) {
        String[] places = Settings.placesFor(card);
        boolean hasFamilies = card.activities() > card.classes();
        if (places.length > 0) {
            column.addView(Screen.heading(this, R.string.carried));
            column.addView(note(R.string.carried_about));
            column.addView(placeChoice(places));
        }
        if (hasFamilies) {
            column.addView(Screen.heading(this, R.string.answers));
            column.addView(coarseChoice());
            column.addView(note(R.string.coarse_about));
        }
        boolean canBePersonal = card.features() > 0;
        if (canBePersonal) {
            addProfile(column);
        }
        if (places.length == 0 && !hasFamilies && !canBePersonal) {
            column.addView(note(R.string.nothing_to_set));
        }
    }

    private void addProfile(LinearLayout column) {
        column.addView(Screen.heading(this, R.string.profile));
        column.addView(note(R.string.profile_about));
        profileState = Screen.text(this, 16, R.color.text);
        column.addView(profileState);
        profileProblem = Screen.text(this, 16, R.color.warning);
        profileProblem.setAccessibilityLiveRegion(View.ACCESSIBILITY_LIVE_REGION_POLITE);
        column.addView(profileProblem);
        Button choose = new Button(this);
        choose.setText(R.string.profile_choose);
        choose.setOnClickListener(view -> chooseProfile());
        column.addView(choose);
        removeProfile = new Button(this);
        removeProfile.setText(R.string.profile_remove);
        removeProfile.setOnClickListener(view -> {
            profileFile().remove();
            showProfile(null);
            profileChanged();
        });
        column.addView(removeProfile);
        showProfile(null);
    }

    private void chooseProfile() {
        // Phones know no type of their own for JSON, and call it text or bytes.
        Intent choose = new Intent(Intent.ACTION_OPEN_DOCUMENT).addCategory(Intent.CATEGORY_OPENABLE).setType("*/*");
        try {
            startActivityForResult(choose, CHOOSE_PROFILE);
        } catch (ActivityNotFoundException none) {
            showProfile(getString(R.string.no_file_opener));
        }
    }

    /** Runs on its own thread, as the document may be anywhere. */
    private void takeProfile(Uri document) {
        String problem = null;
        try (InputStream in = getContentResolver().openInputStream(document)) {
            if (in == null) {
                throw new FileNotFoundException(String.valueOf(document));
            }
            profileFile().take(in, card);
            profileChanged();
        } catch (BadProfileException | IOException | SecurityException error) {
            problem = getString(R.string.profile_refused, error.getMessage());
        }
        String said = problem;
        main.post(() -> showProfile(said));
    }

    /** @param problem what went wrong with the file that was chosen last; null if nothing did */
    private void showProfile(String problem) {
        String state = getString(R.string.profile_none);
        boolean isKept = true;
        try {
            Profile profile = profileFile().read();
            isKept = profile != null;
            if (profile != null) {
                PersonalModel.cardOf(card, profile);
                state = getString(R.string.profile_used, names(profile));
            }
        } catch (BadProfileException error) {
            state = getString(R.string.profile_unused, error.getMessage());
        }
        profileState.setText(state);
        profileProblem.setText(problem);
        profileProblem.setVisibility(problem == null ? View.GONE : View.VISIBLE);
        removeProfile.setVisibility(isKept ? View.VISIBLE : View.GONE);
    }

    private String names(Profile profile) {
        return profile.activities().stream().map(it -> ActivityNames.of(this, it))
                .collect(Collectors.joining(getString(R.string.list_separator)));
    }

    private ProfileFile profileFile() {
        return new ProfileFile(getFilesDir());
    }

    private void profileChanged() {
        LiveState.get().forgetCard();
        changed();
    }

    private RadioGroup placeChoice(String[] places) {
        RadioGroup group = new RadioGroup(this);
        group.setContentDescription(getString(R.string.carried));
        addPlace(group, null);
        for (String place : places) {
            addPlace(group, place);
        }
        return group;
    }

    private void addPlace(RadioGroup group, String place) {
        RadioButton button = new RadioButton(this);
        String name = ActivityNames.ofSetting(this, place);
        button.setText(name);
        button.setContentDescription(getString(R.string.carried_choice, name));
        button.setId(View.generateViewId()); // The group needs it to clear the other buttons.
        button.setOnClickListener(view -> {
            Settings.setPlace(this, place);
            changed();
        });
        group.addView(button);
        String chosen = Settings.place(this);
        if (place == null || place.equals(chosen)) {
            group.check(button.getId()); // The first, unless a later one is the chosen one.
        }
    }

    private CheckBox coarseChoice() {
        CheckBox box = new CheckBox(this);
        box.setText(R.string.coarse);
        box.setContentDescription(getString(R.string.coarse_choice));
        box.setChecked(Settings.coarse(this));
        box.setOnClickListener(view -> {
            Settings.setCoarse(this, box.isChecked());
            changed();
        });
        return box;
    }

    private TextView note(int string) {
        TextView view = Screen.text(this, 14, R.color.faint);
        view.setText(string);
        return view;
    }

    private void changed() {
        if (LiveState.get().snapshot().phase != LiveState.Phase.STOPPED) {
            SensorService.send(this, SensorService.ACTION_SETTINGS, null);
        }
    }
}
