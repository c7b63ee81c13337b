package android.app;

import android.content.Context;
import android.graphics.drawable.Icon;
import io.haredge.standins.Control;
import java.util.ArrayList;
import java.util.List;

public class Notification {
    public static final int FOREGROUND_SERVICE_IMMEDIATE = 1;

    @Control public CharSequence title;
    @Control public List<Action> actionList = new ArrayList<>();

    public static class Action {
        @Control public CharSequence label;
        @Control public PendingIntent intent;

        private Action() {}

        public static final class Builder {
            private final Action action = new Action();

            public Builder(Icon icon, CharSequence title, PendingIntent intent) {
                action.label = title;
                action.intent = intent;
            }

            public Action build() {
                return action;
            }
        }
    }

    public static class Builder {
        private final Notification made = new Notification();

        public Builder(Context context, String channelId) {}

        public Builder setSmallIcon(Icon icon) {
            return this;
        }

        public Builder setContentTitle(CharSequence title) {
            made.title = title;
            return this;
        }

        public Builder setContentIntent(PendingIntent intent) {
            return this;
        }

        public Builder setOngoing(boolean ongoing) {
            return this;
        }

        public Builder setOnlyAlertOnce(boolean onlyAlertOnce) {
            return this;
        }

        public Builder addAction(Action action) {
            made.actionList.add(action);
            return this;
        }

        public Builder setForegroundServiceBehavior(int behavior) {
            return this;
        }

        public Notification build() {
            return made;
        }
    }
}
