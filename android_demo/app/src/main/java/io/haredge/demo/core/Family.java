package io.haredge.demo.core;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import org.json.JSONObject;

/** An answer that stands for several labels. */
final class Family {
    final String name;
    /** Indices of its labels; -1 for one that the card does not have. */
    final int[] members;

    private Family(String name, String[] members, List<String> labels) {
        this.name = name;
        this.members = Arrays.stream(members).mapToInt(labels::indexOf).toArray();
    }

    /** The families of a card, the narrowest first: org.json does not keep the card's order everywhere. */
    static Family[] read(JSONObject card, List<String> labels) {
        JSONObject entries = card.has("families") ? Json.entry(card, "families", JSONObject.class) : new JSONObject();
        List<Family> families = new ArrayList<>();
        for (Iterator<?> names = entries.keys(); names.hasNext(); ) {
            String name = (String) names.next();
            families.add(new Family(name, Json.strings(entries, name), labels));
        }
        families.sort(Comparator.<Family>comparingInt(it -> it.members.length).thenComparing(it -> it.name));
        return families.toArray(new Family[0]);
    }

    /** Whether it stands for two labels or more, and is not a label itself. */
    boolean fits(List<String> labels) {
        boolean fits = members.length >= 2 && !labels.contains(name);
        for (int member : members) {
            fits &= member >= 0;
        }
        return fits;
    }
}
