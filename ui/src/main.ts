import { mount } from 'svelte'
import App from './App.svelte'
import { wearColour } from './frame/cluster'
import { escapeInvisible } from './frame/invisible'
import './styles/tokens.css'
import './styles/base.css'
import './styles/forms.css'
import './styles/sheet.css'

escapeInvisible(document.documentElement)
wearColour()
const target = document.getElementById('app')
if (target) mount(App, { target })
