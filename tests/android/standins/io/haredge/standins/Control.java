package io.haredge.standins;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/** Marks what a stand-in has beyond Android's API, for tests and other stand-ins. */
@Retention(RetentionPolicy.RUNTIME)
public @interface Control {}
