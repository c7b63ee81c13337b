package io.haredge.demo;

import android.app.Activity;
import android.os.Bundle;
import android.view.View;
import android.widget.CheckBox;
import android.widget.LinearLayout;
import android.widget.RadioButton;
import android.widget.RadioGroup;
import android.widget.ScrollView;
import android.widget.TextView;
import io.haredge.demo.core.BadModelException;
import io.haredge.demo.core.Card;

/** What the user can set, as far as the model has the choice; a change holds at once, and after a restart. */
public final class SettingsActivity extends Activity {
    private static final int MARGIN_DP = 16;

    @Override
    protected void onCreate(Bundle savedInstanceState) {
        super.onCreate(savedInstanceState);
        LinearLayout column = new LinearLayout(this);
        column.setOrientation(LinearLayout.VERTICAL);
        int margin = Math.round(MARGIN_DP * getResources().getDisplayMetrics().density);
        column.setPadding(margin, margin, margin, margin);
        try {
            addSettings(column, LiteRtModel.loadCard(getAssets(), Session.MODEL));
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

    private void addSettings(LinearLayout column, Card card) {
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
        if (places.length == 0 && !hasFamilies) {
            column.addView(note(R.string.nothing_to_set));
        }
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
